"""A new project: all of its files or none, nothing overwritten, none inside another."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen import __version__
from kaizen.cli import project_files, project_init, scaffold
from kaizen.core import project
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.project import Project


def everything(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_project_is_made_of_kaizens_files_and_its_own(tmp_path: Path) -> None:
    root = tmp_path / "with space" / "My Project"
    files = project_init.make(root)
    assert files == everything(root)
    assert project.at(root).usecases() == []
    own = {"pyproject.toml", "README.md", "Makefile", ".gitignore", "usecases/__init__.py"}
    assert own <= {*files}
    for name in ("pipelines/training.py", "steps/monitor/window.py", "stacks/local.yaml",
                 "serving/service.py", "serving/requirements.txt", "configs/env/dev.yaml",
                 "requirements.txt"):  # fmt: skip
        assert (root / name).read_bytes() == (PROJECT_ROOT / name).read_bytes()
    said = tomllib.loads((root / "pyproject.toml").read_text())
    assert said["tool"]["kaizen"] == {"format": project.FORMAT, "version": __version__}
    assert said["project"]["name"] == "my-project"
    assert said["project"]["dependencies"] == [f"kaizen-loop=={__version__}"]
    assert (root / "README.md").read_text().count("\n") <= 10
    targets = re.findall(r"^(\w+):", (root / "Makefile").read_text(), re.MULTILINE)
    assert targets == ["setup", "run", "test", "lock"]
    assert [path.name for path in tmp_path.iterdir()] == ["with space"]


def test_nothing_is_left_to_fill_in_and_the_next_command_works(tmp_path: Path) -> None:
    project_init.make(tmp_path)
    for name in ("pyproject.toml", "README.md", "tests/conftest.py", ".gitignore"):
        assert "${" not in (tmp_path / name).read_text()
    made = scaffold.write("quality", "tabular", Project(tmp_path))
    assert Path("tests/unit/usecases/test_quality.py") in made
    assert Project(tmp_path).usecases() == ["quality"]


def test_a_template_of_a_project_is_no_kind_of_use_case() -> None:
    assert scaffold.kinds() == ["image", "tabular"]


@pytest.mark.parametrize("taken", [".gitignore", "Makefile", "steps", "tests", "pyproject.toml"])
def test_what_is_there_stays_and_a_folder_of_its_own_is_offered(taken: str, tmp_path: Path) -> None:
    (tmp_path / taken).mkdir() if "." not in taken else (tmp_path / taken).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError) as caught:
        project_init.make(tmp_path)
    assert f"{tmp_path / taken} is there already" in str(caught.value)
    assert f"`kaizen init {tmp_path / 'ml'}`" in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_other_folders_are_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.csv").write_text("mine")
    assert sorted([*project_init.make(tmp_path), "data/rows.csv"]) == everything(tmp_path)


def test_a_project_is_not_made_twice_nor_in_nor_around_another(tmp_path: Path) -> None:
    project_init.make(tmp_path / "one")
    before = everything(tmp_path)
    for folder, words in (
        ("one", "is a kaizen project already: `kaizen init --update`"),
        ("one/deep/inner", f"lies in the kaizen project {tmp_path / 'one'}"),
        (".", f"holds the kaizen project {tmp_path / 'one'}"),
    ):
        with pytest.raises(UsageError, match=words):
            project_init.make(tmp_path / folder)
    assert everything(tmp_path) == before
    project_init.make(tmp_path / "two")


def test_a_file_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file: expected a folder"):
        project_init.make(tmp_path / "file" / "below")


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(KaizenError, match="another `kaizen init` is at work"):
            project_init.make(tmp_path / "one")
    finally:
        os.close(descriptor)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", [1, 2, 7, 13])
@pytest.mark.parametrize("new", [True, False], ids=["new folder", "a folder that is there"])
def test_a_disk_that_fails_leaves_nothing(
    failing: int, new: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    if not new:
        (root / "data").mkdir(parents=True)
    left = iter(range(failing))
    sync = os.fsync

    def full(descriptor: int) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KaizenError, match=r"cannot make a project in .*No space left"):
        project_init.make(root)
    assert everything(tmp_path) == []
    assert root.exists() is not new


KILLED = """
import os, signal, sys
from pathlib import Path
from kaizen.cli import project_init
left = iter(range(int(sys.argv[2])))
rename = Path.rename
def dying(path, target):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)
Path.rename = dying
project_init.make(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("moves", [0, 1, 2, 8, 13])
def test_killed_it_leaves_no_half_project_and_the_next_one_goes_on(
    moves: int, tmp_path: Path
) -> None:
    """In a folder that is there: the first rename makes what was written ready to be moved."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "notes.txt").write_text("mine")
    command = [sys.executable, "-c", KILLED, str(root), str(moves)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert project.around(root) == [], "it is no project before it is whole"
    files = project_init.make(root)
    assert sorted([*files, "notes.txt"]) == everything(root)
    again = tmp_path / "again"
    assert project_init.make(again) == files
    assert (again / "Makefile").read_bytes() == (root / "Makefile").read_bytes()


def test_killed_in_a_new_folder_it_was_not_begun(tmp_path: Path) -> None:
    root = tmp_path / "project"
    command = [sys.executable, "-c", KILLED, str(root), "0"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert not root.exists()
    project_init.make(root)
    assert [path.name for path in tmp_path.iterdir()] == ["project"], "nothing is left beside it"


def test_what_was_taken_is_noted(tmp_path: Path) -> None:
    files = project_init.make(tmp_path)
    noted = json.loads((tmp_path / project_files.LOCK).read_text())
    assert noted["kaizen"] == __version__
    assert {*noted["files"]} == {*project_files.contents()} < {*files}


def test_a_wheel_holds_what_a_clone_does(tmp_path: Path) -> None:
    (tmp_path / "kaizen/cli").mkdir(parents=True)
    project_files.pack(PROJECT_ROOT, tmp_path / "kaizen")
    packed = project_files.contents(tmp_path / "kaizen/cli" / project_files.PACKED)
    assert packed == project_files.contents(PROJECT_ROOT) == project_files.contents()
    assert [name for name in packed if "__pycache__" in name or name.endswith(".md")] == []
    with pytest.raises(KaizenError, match="has no pipelines: a wheel is built in a whole clone"):
        project_files.pack(tmp_path, tmp_path / "kaizen")
