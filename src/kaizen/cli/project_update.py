"""Holds a project's copies of kaizen's files beside kaizen's own, and takes what one accepts.

What the project took is known by its digest (``project_files.LOCK``), so that an edit of the user's
can be told from a change of kaizen's.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kaizen._version import __version__
from kaizen.cli import project_files
from kaizen.cli.project_files import Taken, digest
from kaizen.core import atomic
from kaizen.core.errors import KaizenError, unknown

State = Literal["same", "changed", "new", "gone"]
By = Literal["kaizen", "user", "both"]


@dataclass(frozen=True)
class File:
    """One file as the project has it and as kaizen has it.

    Attributes:
        path: in the project.
        state: ``new`` is with kaizen alone, ``gone`` with the project alone.
        by: who has changed it since the project took it; None where it is the same.
        mine, ours: the project's content and kaizen's, None where there is none.
    """

    path: str
    state: State
    by: By | None
    mine: bytes | None
    ours: bytes | None

    @property
    def asked(self) -> bool:
        """Whether there is something to decide: what the user alone has changed stays."""
        return self.by in {"kaizen", "both"} or self.state == "new"

    @property
    def safe(self) -> bool:
        """Whether nothing of the user's is lost when kaizen's is taken."""
        return self.asked and (self.by == "kaizen" or self.mine is None)

    def diff(self) -> list[str]:
        """From the project's to kaizen's, as lines of a unified diff."""
        mine, ours = (_lines(content) for content in (self.mine, self.ours))
        old, new = (
            "/dev/null" if content is None else self.path for content in (self.mine, self.ours)
        )
        return list(difflib.unified_diff(mine, ours, old, new, lineterm=""))


def compare(root: Path) -> list[File]:
    """Every file that kaizen has or the project took, by its path.

    Raises:
        KaizenError: a file cannot be read, or the record of what was taken is damaged.
    """
    ours, base = project_files.contents(), project_files.taken(root).digests
    paths = sorted({*ours, *base})
    mine = {path: content for path in paths if (content := _content(root / path)) is not None}
    found = (_held(path, mine.get(path), ours.get(path), base.get(path)) for path in paths)
    return [file for file in found if file.mine is not None or file.ours is not None]


def _held(path: str, mine: bytes | None, ours: bytes | None, base: str | None) -> File:
    if mine == ours:
        return File(path, "same", None, mine, ours)
    state: State = "new" if mine is None else "gone" if ours is None else "changed"
    edited = base != (None if mine is None else digest(mine))
    moved = base != (None if ours is None else digest(ours))
    by: By = "both" if edited and moved else "user" if edited else "kaizen"
    return File(path, state, by, mine, ours)


def chosen(files: Iterable[File], names: Iterable[str], *, every: bool) -> list[File]:
    """The files called ``names``, and with ``every`` all that cost the user nothing.

    Raises:
        UsageError: there is no file of such a name.
    """
    known = {file.path: file for file in files}
    wanted = list(names)
    if wrong := [name for name in wanted if name not in known]:
        raise unknown("file", wrong[0], known)
    return [
        file
        for path, file in known.items()
        if file.state != "same" and (path in wanted or (every and file.safe))
    ]


def take(root: Path, files: Iterable[File], accepted: Iterable[File]) -> None:
    """Make the project's ``accepted`` files kaizen's, and note what it has now.

    Killed in between, some are taken and the next comparison finds them the same.

    Raises:
        KaizenError: a file cannot be written.
    """
    accepted = list(accepted)
    try:
        for file in accepted:
            _put(root / file.path, file.ours)
        digests = _noted(project_files.taken(root).digests, files, {file.path for file in accepted})
        _put(root / project_files.LOCK, Taken(__version__, digests).dump())
    except OSError as error:
        raise KaizenError(f"{error.filename} cannot be written: {error.strerror}") from None


def _noted(before: Mapping[str, str], files: Iterable[File], accepted: set[str]) -> dict[str, str]:
    now = dict(before)
    for file in files:
        if file.path in accepted or file.state == "same":
            now.pop(file.path, None)
            if file.ours is not None:
                now[file.path] = digest(file.ours)
    known = {file.path for file in files}
    return {path: each for path, each in now.items() if path in known}


def _put(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
        return
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    atomic.write_bytes(path, content)
    path.chmod(mode)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KaizenError(f"{path} cannot be read: {error.strerror}") from None


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode(errors="replace").splitlines()
