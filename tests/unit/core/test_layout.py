"""Which homes may be worked in."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kaizen import __version__
from kaizen.core import layout
from kaizen.core.errors import KaizenError
from kaizen.core.layout import LAYOUT, Version
from kaizen.core.paths import Home

CURRENT = {"layout": LAYOUT, "kaizen": __version__}


def opened(home: Home, *, make: bool = True) -> list[str]:
    """What is reported when ``home`` is opened."""
    said: list[str] = []
    layout.open_home(home, make=make, report=said.append)
    return said


def said_of(home: Home) -> dict[str, object]:
    return json.loads(home.version.read_text(encoding="utf-8"))


def refused(home: Home) -> str:
    with pytest.raises(KaizenError) as error:
        opened(home)
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 1
    return str(error.value)


def test_a_new_home_gets_its_version_before_anything_else(other_home: Home) -> None:
    assert opened(other_home) == []
    assert said_of(other_home) == CURRENT
    assert sorted(path.name for path in other_home.root.iterdir()) == [
        "layout.lock", "version.json",
    ]  # fmt: skip


def test_who_only_looks_makes_nothing(other_home: Home) -> None:
    assert opened(other_home, make=False) == []
    assert not other_home.root.exists()


def test_logs_and_caches_alone_make_no_old_home(other_home: Home) -> None:
    (other_home.logs).mkdir(parents=True)
    other_home.cache.mkdir()
    assert opened(other_home) == []
    assert said_of(other_home) == CURRENT
    assert not other_home.backups.exists()


def test_a_home_of_this_layout_is_only_read(other_home: Home) -> None:
    layout.write(other_home, Version(LAYOUT, "0.0.1"))
    before = other_home.version.stat()
    other_home.root.chmod(0o500)
    assert opened(other_home) == []
    other_home.root.chmod(0o700)
    assert other_home.version.stat().st_mtime_ns == before.st_mtime_ns
    assert not (other_home.root / "layout.lock").exists()


def test_state_without_a_version_is_of_the_first_layout(other_home: Home) -> None:
    other_home.events.mkdir(parents=True)
    assert layout.read(other_home) == Version(1)
    (report,) = opened(other_home)
    assert f"layout {LAYOUT} instead of 1" in report
    assert said_of(other_home) == CURRENT


def test_a_later_layout_is_refused_with_both_numbers(other_home: Home) -> None:
    layout.write(other_home, Version(LAYOUT + 1, "9.9"))
    for make in (True, False):
        with pytest.raises(KaizenError) as error:
            opened(other_home, make=make)
        for part in (f"layout {LAYOUT + 1}", "9.9", f"layout {LAYOUT}", "upgrade kaizen"):
            assert part in str(error.value)
    with pytest.raises(KaizenError):
        layout.refuse_later(other_home)
    assert said_of(other_home)["layout"] == LAYOUT + 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "2", "{}", '{"layout": "2"}', '{"layout": 0}', '{"layout": true}']
)
def test_a_damaged_version_is_refused_and_named(other_home: Home, text: str) -> None:
    other_home.root.mkdir(parents=True)
    other_home.version.write_text(text)
    message = refused(other_home)
    assert str(other_home.version) in message
    assert other_home.version.read_text() == text


@pytest.mark.parametrize("lock", ["runs/0123.lock", "rollout/lock", "monitoring/churn.lock"])
def test_an_old_home_that_a_command_works_in_is_refused(other_home: Home, lock: str) -> None:
    path = other_home.root / lock
    path.parent.mkdir(parents=True)
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "still works there" in refused(other_home)
    assert layout.read(other_home) == Version(1)


def test_an_old_home_that_is_served_from_is_refused_with_the_pids(other_home: Home) -> None:
    """The mark is what layout 1 wrote: it is spelt out here, and not to be imported."""
    other_home.rollout.mkdir(parents=True)
    words = [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"]
    running = {}
    for name in ("churn-v1-20001", "supervisor"):
        marked = {"KAIZEN_HOME": str(other_home.root), "KAIZEN_SERVICE": f"{name}:0a1b"}
        running[name] = subprocess.Popen(words, env=marked, stdout=subprocess.PIPE)
    try:
        for process in running.values():
            assert process.stdout
            process.stdout.readline()
        message = refused(other_home)
        assert "`kaizen down`" in message
        places = [message.index(f"{n} (pid {running[n].pid})") for n in reversed(running)]
        assert places == sorted(places), "the supervisor comes first"
        assert layout.read(other_home) == Version(1)
    finally:
        for process in running.values():
            process.kill()
            process.communicate()
    assert len(opened(other_home)) == 1


def test_another_homes_processes_are_no_matter(other_home: Home, tmp_path: Path) -> None:
    other_home.rollout.mkdir(parents=True)
    marked = {"KAIZEN_HOME": str(tmp_path / "another"), "KAIZEN_SERVICE": "supervisor:0a1b"}
    words = [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"]
    with subprocess.Popen(words, env=marked, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert len(opened(other_home)) == 1
        process.kill()


def test_nothing_heavy_is_imported_to_look() -> None:
    code = (
        "import sys; before = set(sys.modules); from kaizen.core import layout; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"sqlite3", "psutil", "pydantic", "yaml", "numpy", "pandas", "zenml", "mlflow"}
    assert heavy & set(done.stdout.split()) == set()
