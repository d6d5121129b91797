"""A home as the former kaizen left it becomes one of today's layout."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from old_home import OldHome, contents, dump, unpack

from kaizen.core import layout, migration
from kaizen.core.errors import KaizenError
from kaizen.core.layout import LAYOUT, Version
from kaizen.core.migration import Step
from kaizen.core.paths import Home

KEPT = ("events", "datasets", "bentoml", "mlflow/artifacts", "monitoring", "keys", "samples",
        "simulations", "batches", "rollout/golden", "rollout/router")  # fmt: skip


@pytest.fixture
def old(tmp_path: Path) -> OldHome:
    return unpack("layout-1", tmp_path / "old")


def migrate(home: Home) -> str:
    said: list[str] = []
    layout.open_home(home, make=True, report=said.append)
    return "; ".join(said)


def test_all_that_is_kept_is_as_it_was(old: OldHome) -> None:
    home = old.home
    before = {name: contents(home.root / name) for name in KEPT}
    rows = dump(home.mlflow / "mlflow.db")
    served = [each for each in dump(home.rollout / "state.db") if "desired" in each]
    assert all(before.values())
    migrate(home)
    assert {name: contents(home.root / name) for name in KEPT} == before
    assert dump(home.mlflow / "mlflow.db") == rows
    assert [each for each in dump(home.rollout / "state.db") if "desired" in each] == served


def test_what_a_step_changes_is_in_the_backup(old: OldHome) -> None:
    home = old.home
    before = contents(home.root)
    message = migrate(home)
    (backup,) = home.backups.iterdir()
    assert str(backup) in message
    assert backup.stat().st_mode & 0o777 == 0o700
    copied = contents(backup)
    assert copied == {name: before[name] for name in copied}
    databases = {name for name in before if name.endswith(".db")}
    assert len(databases) == 5
    assert databases <= set(copied)
    assert {"keys/keys.json", "samples/diabetes.json"} <= set(copied)
    changed = {name for name, was in before.items() if contents(home.root).get(name) != was}
    zenml = {name for name in changed if name.startswith("zenml/")}
    assert changed - zenml <= set(copied)


def test_zenml_and_processes_are_gone(old: OldHome) -> None:
    home = old.home
    assert home.zenml_database.exists()
    with closing(sqlite3.connect(home.rollout / "state.db")) as state, state:
        state.execute("INSERT INTO services VALUES ('router', '{}')")
        state.execute("INSERT INTO processes VALUES ('router', '{}')")
    migrate(home)
    assert not home.zenml.exists()
    assert [path.name for path in home.trash.iterdir()] == ["lock"]
    with closing(sqlite3.connect(home.rollout / "state.db")) as state:
        for table in ("services", "processes"):
            assert state.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608
        assert state.execute("SELECT count(*) FROM desired").fetchone() == (1,)


def test_nothing_kept_names_a_module_of_ours(old: OldHome) -> None:
    """Bentos do: they bring their own code. Whatever else did would break when a module moves."""
    home = old.home
    migrate(home)
    names = set(old.facts["modules"]) - {"rollout.stages"}  # the name of a setting as well
    assert len(names) > 300
    module = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?!\w)".encode())
    aside = (home.bentoml, home.backups, home.logs)
    found = [
        (str(path.relative_to(home.root)), hit[0])
        for path in home.root.rglob("*")
        if path.is_file() and not any(path.is_relative_to(each) for each in aside)
        if (hit := module.search(path.read_bytes()))
    ]
    assert found == []
    assert module.search((old.home.bentoml / "bentos").rglob("bento.yaml").__next__().read_bytes())


def test_a_step_that_fails_is_named_and_the_next_command_goes_on(
    old: OldHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Home) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        steps = {1: (*migration.STEPS[1], Step("the last is done", full))}
        broken.setattr(migration, "STEPS", steps)
        with pytest.raises(KaizenError, match=r"at which the last is done: .*No space left.*goes"):
            migrate(old.home)
        version = layout.read(old.home)
        assert version is not None
        assert version.layout == 1
        assert version.backup
    assert f"layout {LAYOUT} instead of 1" in migrate(old.home)
    assert [path.name for path in old.home.backups.iterdir()] == [version.backup]


def test_a_damaged_store_is_refused_and_nothing_is_dropped(old: OldHome) -> None:
    (old.home.mlflow / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"no" * 3000)
    for _ in range(2):
        with pytest.raises(KaizenError, match=r"mlflow\.db cannot be copied"):
            migrate(old.home)
        assert old.home.zenml_database.exists()


def test_commands_that_come_at_once_migrate_once(old: OldHome) -> None:
    code = (
        "import sys; from pathlib import Path; from kaizen.core import layout; "
        "from kaizen.core.paths import Home; "
        "layout.open_home(Home(Path(sys.argv[1])), make=False, report=print)"
    )
    command = [sys.executable, "-c", code, str(old.home.root)]
    several = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [each.communicate(timeout=60)[0] for each in several]
    assert [each.returncode for each in several] == [0] * 4
    assert sum("instead of 1" in each for each in said) == 1
    assert len(list(old.home.backups.iterdir())) == 1
    assert layout.read(old.home) == Version(LAYOUT, layout.__version__)
