"""A project's copies of kaizen's files beside kaizen's own: who changed what, what is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kaizen.cli import project_files, project_init, project_update
from kaizen.cli.main import app
from kaizen.core.errors import KaizenError, UsageError

BEFORE = {name: f"# {name}\n".encode() for name in ("a.py", "b.py", "c.py", "d.py", "e.py", "f.py")}
AFTER = {
    "a.py": BEFORE["a.py"],
    "b.py": b"# better\n",
    "c.py": BEFORE["c.py"],
    "d.py": b"# better\n",
    "g.py": b"# new\n",
    "f.py": BEFORE["f.py"],
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Made by an earlier kaizen; b and d are other now, e is gone, g is new. c and d are edited."""
    monkeypatch.setattr(project_files, "contents", lambda: BEFORE)
    project_init.make(tmp_path)
    monkeypatch.setattr(project_files, "contents", lambda: AFTER)
    for name in ("c.py", "d.py"):
        (tmp_path / name).write_text("# mine\n")
    (tmp_path / "f.py").unlink()
    (tmp_path / "own.py").write_text("# nobody's business\n")
    return tmp_path


@pytest.fixture
def ask(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Types `kaizen init --update WORDS` in the project; what it said."""
    monkeypatch.chdir(root)
    monkeypatch.delenv("KAIZEN_PROJECT", raising=False)

    def asked(*words: str) -> str:
        done = CliRunner().invoke(app, ["init", "--update", *words])
        if done.exception:
            raise done.exception
        return done.stdout

    return asked


def states(root: Path) -> dict[str, tuple[str, str | None]]:
    return {file.path: (file.state, file.by) for file in project_update.compare(root)}


def contents(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(root.glob("?.py"))}


def test_who_has_changed_what(root: Path) -> None:
    assert states(root) == {
        "a.py": ("same", None),
        "b.py": ("changed", "kaizen"),
        "c.py": ("changed", "user"),
        "d.py": ("changed", "both"),
        "e.py": ("gone", "kaizen"),
        "f.py": ("new", "user"),
        "g.py": ("new", "kaizen"),
    }


def test_a_look_shows_the_difference_and_changes_nothing(
    ask: Callable[..., str], root: Path
) -> None:
    before = contents(root)
    said = ask()
    assert "--- b.py\n+++ b.py\n@@ -1 +1 @@\n-# b.py\n+# better\n" in said
    assert "--- /dev/null\n+++ g.py" in said
    assert "--- e.py\n+++ /dev/null" in said
    assert "yours, and kept: c.py" in said
    assert "left: d.py, which you have changed too (`kaizen init --update --accept d.py`)" in said
    assert contents(root) == before
    found = json.loads(ask("--json"))
    assert found["taken"] == []
    assert {"path": "d.py", "state": "changed", "by": "both"} in found["files"]
    assert contents(root) == before


def test_all_that_costs_nothing_is_taken(ask: Callable[..., str], root: Path) -> None:
    found = json.loads(ask("--accept-all", "--json"))
    assert found["taken"] == ["b.py", "e.py", "f.py", "g.py"]
    mine = "# mine\n"
    assert contents(root) == {
        "a.py": "# a.py\n", "b.py": "# better\n", "c.py": mine, "d.py": mine, "f.py": "# f.py\n",
        "g.py": "# new\n",
    }  # fmt: skip
    assert {name for name, (state, _) in states(root).items() if state != "same"} == {
        "c.py",
        "d.py",
    }
    assert states(root)["d.py"] == ("changed", "both"), "it is asked again"
    assert (root / "b.py").stat().st_mode & 0o777 == (root / "a.py").stat().st_mode & 0o777


def test_a_file_that_both_have_changed_is_taken_by_its_name(
    ask: Callable[..., str], root: Path
) -> None:
    ask("--accept", "d.py", "--accept", "c.py")
    assert (root / "d.py").read_text() == "# better\n"
    assert (root / "c.py").read_text() == "# c.py\n"
    assert (root / "b.py").read_text() == "# b.py\n"
    (root / "d.py").write_text("# mine again\n")
    assert states(root)["d.py"] == ("changed", "user")


def test_each_file_is_asked_about(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kaizen.cli import init

    asked: list[str] = []

    def answered(text: str) -> bool:
        asked.append(text)
        return "d.py" in text

    monkeypatch.setattr(init.typer, "confirm", answered)
    files = project_update.compare(root)
    taken = init._asked(files, interactive=True)
    assert [file.path for file in taken] == ["d.py"]
    assert [text.partition(".py")[0][-1] for text in asked] == ["b", "d", "e", "f", "g"]
    assert ["yours is lost" in text for text in asked] == [False, True, False, False, False]
    project_update.take(root, files, taken)
    assert states(root)["d.py"] == ("same", None)
    assert states(root)["b.py"] == ("changed", "kaizen")


def test_a_name_that_is_none_of_kaizens_is_refused(ask: Callable[..., str]) -> None:
    with pytest.raises(UsageError, match=r"unknown file 'h\.py'"):
        ask("--accept", "h.py")


def test_what_is_accepted_needs_an_update(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["init", str(tmp_path / "new"), "--accept-all"])
    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "new").exists()


def test_without_its_record_whatever_differs_counts_as_the_users(root: Path) -> None:
    (root / project_files.LOCK).unlink()
    assert {by for state, by in states(root).values() if state == "changed"} == {"both"}


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 1}', '{"kaizen": "1"}'])
def test_a_damaged_record_is_named(text: str, root: Path) -> None:
    (root / project_files.LOCK).write_text(text)
    with pytest.raises(KaizenError, match=r"\.kaizen-init\.json is damaged .*get it back from git"):
        project_update.compare(root)


def test_outside_of_a_project_the_way_in_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KAIZEN_PROJECT", raising=False)
    done = CliRunner().invoke(app, ["init", "--update"])
    assert "is in no kaizen project" in str(done.exception)
