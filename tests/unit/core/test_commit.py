import subprocess
from pathlib import Path

import pytest

from kaizen.core import commit
from kaizen.registry.run_environment import packages, pinned


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(root), *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True)


def test_commit_and_dirty_flag(tmp_path: Path) -> None:
    git(tmp_path, "init")
    assert commit.current(tmp_path) is None
    file = tmp_path / "model.py"
    file.write_text("a")
    git(tmp_path, "add", "model.py")
    git(tmp_path, "commit", "-m", "first")
    found = commit.current(tmp_path)
    assert found is not None
    assert len(found.id) == 40
    assert not found.dirty
    (tmp_path / "untracked").write_text("b")
    assert commit.current(tmp_path) == found
    file.write_text("c")
    assert commit.current(tmp_path) == commit.Commit(found.id, dirty=True)


def test_outside_a_repository_or_without_git_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit.current(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert commit.current() is None


def test_packages_are_listed_once_at_their_version() -> None:
    names = [line.split("==")[0].lower() for line in packages()]
    assert names == sorted(set(names))
    assert set(pinned("mlflow", "numpy")) <= set(packages())
