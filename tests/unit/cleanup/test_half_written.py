"""What is left over: measured, told from what is young, and removed as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen.cleanup import half_written
from kaizen.cleanup.collector import is_older, size
from kaizen.core import active_work, locks, trash
from kaizen.core.atomic import write_text
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home

DAY = 86_400.0


def aged(path: Path, days: float) -> Path:
    """``path`` and all in it, last written so long ago."""
    at = time.time() - days * DAY
    for each in [*path.rglob("*"), path]:
        os.utime(each, (at, at), follow_symlinks=False)
    return path


def folder(path: Path, content: bytes = b"12345") -> Path:
    path.mkdir(parents=True)
    (path / "file").write_bytes(content)
    return path


def test_a_folder_is_as_young_as_the_youngest_thing_in_it(tmp_path: Path) -> None:
    old = aged(folder(tmp_path / "a"), 10)
    week = time.time() - 7 * DAY
    assert is_older(old, week)
    assert not is_older(old, week - 30 * DAY)
    (old / "file").touch()
    assert not is_older(old, week)
    assert not is_older(tmp_path / "gone", week)


def test_links_are_neither_old_nor_followed(tmp_path: Path) -> None:
    big = aged(folder(tmp_path / "big", b"x" * 5000), 10)
    link = tmp_path / "link"
    link.symlink_to(big)
    assert not is_older(link, time.time())
    inside = folder(tmp_path / "b")
    (inside / "link").symlink_to(big)
    assert size(inside) < 500
    trash.remove([inside], Home(tmp_path / "home"))
    assert (big / "file").exists()


def test_what_is_removed_is_gone_and_what_is_gone_already_is_no_matter(tmp_path: Path) -> None:
    home = Home(tmp_path)
    one, two = folder(tmp_path / "x/one"), tmp_path / "x/two"
    two.write_text("2")
    trash.remove([one, two, tmp_path / "never"], home)
    assert list((tmp_path / "x").iterdir()) == []
    assert trash.leavings(home) == []


def test_what_a_kill_left_in_the_trash_goes_with_the_next_removal(tmp_path: Path) -> None:
    home = Home(tmp_path)
    left = folder(home.trash / "0123")
    assert trash.leavings(home) == [left]
    trash.remove([], home)
    assert not left.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from kaizen.core import trash
from kaizen.core.paths import Home

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

moves = iter(range(int(sys.argv[2])))
rename = Path.rename
Path.rename = lambda path, target: rename(path, target) if next(moves, None) is not None else die()
trash.shutil.rmtree = die
home = Home(Path(sys.argv[1]))
with trash.held(home):
    trash.remove(sorted((home.root / "x").iterdir()), home)
"""


@pytest.mark.parametrize("moves", [0, 2, 4])
def test_killed_between_any_two_steps_everything_is_whole_or_in_the_trash(
    tmp_path: Path, moves: int
) -> None:
    home = Home(tmp_path)
    made = [folder(tmp_path / "x" / name) for name in "abcd"]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(moves)], cwd=PROJECT_ROOT, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    left = [path for path in made if path.exists()]
    assert len(left) == 4 - moves
    assert all((path / "file").read_bytes() == b"12345" for path in left)
    with trash.held(home):
        trash.remove(left, home)
    assert [*(tmp_path / "x").iterdir(), *trash.leavings(home)] == []


def test_what_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    there = folder(tmp_path / "there")
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(KaizenError, match=r"there: Permission denied.*kaizen gc"):
        trash.remove([there], Home(tmp_path))
    assert (there / "file").exists()


def test_two_removals_at_once_are_one_too_many(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with trash.held(home), pytest.raises(KaizenError, match="another removal"), trash.held(home):
        pass
    with trash.held(home):
        assert trash.leavings(home) == []


def test_the_oldest_run_under_way_counts(tmp_path: Path) -> None:
    home, now = Home(tmp_path), time.time()
    assert active_work.since(home, now) is None
    home.runs.mkdir()
    for name, age in (("ended", 500), ("one", 300), ("two", 100)):
        path = home.runs / f"{name}.lock"
        path.touch()
        os.utime(path, (now - age, now - age))
    assert active_work.since(home, now) is None
    with locks.held(home.runs / "one.lock"), locks.held(home.runs / "two.lock"):
        assert active_work.since(home, now) == pytest.approx(now - 300, abs=0.01)
    with locks.held(home.rollout / "lock"):
        assert active_work.since(home, now) == now - active_work.LONGEST_CHANGE_S


def test_a_run_that_is_about_to_take_its_lock_is_under_way(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.runs.mkdir()
    (home.runs / "new.lock").touch()
    assert active_work.since(home, time.time()) is not None


def test_half_written_files_and_folders_are_found_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_text(home.samples / "digits.json", "{}")
    write_text(home.rollout / "router" / "caddy.json", "{}")
    kept = [
        folder(home.datasets / "digits" / ("a" * 64)),
        folder(home.datasets / "digits" / ".mine.somedata"),
        folder(home.bentoml / "bentos"),
        folder(home.events / "digits"),
    ]
    public = home.samples / ".editor.abcdefgh"
    public.touch(mode=0o644)
    temporary = home.rollout / "router" / ".caddy.json.x_1abcde"
    temporary.touch(mode=0o600)
    left = [
        folder(home.bentoml / "build-abcd_123"),
        folder(home.datasets / "digits" / f".{'a' * 64}.q1w2e3r4"),
        folder(home.quarantine / "digits" / f".{'b' * 12}.q1w2e3r4"),
        temporary,
    ]
    aged(tmp_path, 8)
    found = half_written.find(home, time.time() - 7 * DAY)
    assert list(found.paths) == sorted(left)
    assert found.bytes == 15
    assert half_written.find(home, time.time() - 9 * DAY).paths == ()
    assert all(path.exists() for path in [*kept, public])


def test_the_writers_own_temporary_names_are_those_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after kill -9: what is written stays beside its target."""
    from kaizen.data import folders

    home = Home(tmp_path)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(KeyboardInterrupt):
        write_text(home.samples / "digits.json", "{}")
    monkeypatch.setattr(folders.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(KeyboardInterrupt):
        folders.publish(home.datasets / "digits" / ("c" * 64), killed)
    assert len(half_written.find(home, time.time() + 1).paths) == 2
