"""What a collector is: it finds what nobody refers to any more, of one kind."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kaizen.core.paths import Home


@dataclass(frozen=True)
class Leftovers:
    """Files and folders of one kind that can go.

    Attributes:
        kind: one word.
        why: why nobody needs them; or why none of this kind is touched.
        paths: what can go.
        bytes: how much that is.
    """

    kind: str
    why: str
    paths: tuple[Path, ...] = ()
    bytes: int = 0


class Collector(Protocol):
    """Finds what can go, of one kind. A module of this room is one."""

    READS: str
    """The store whose record it reads, in words."""

    def find(self, home: Home, before: float, *, at_work: bool = False) -> Leftovers:
        """What of ``home`` can go, not written to at ``before`` (seconds since 1970) or later.

        Args:
            at_work: whether a run or a deployment goes on, which may be about to use anything.

        Raises:
            sqlite3.Error: the record is damaged or busy.
        """


def leftovers(kind: str, why: str, paths: list[Path]) -> Leftovers:
    """Those ``paths``, measured."""
    return Leftovers(kind, why, tuple(paths), sum(map(size, paths)))


def is_older(path: Path, than: float) -> bool:
    """Whether nothing in ``path`` was written at ``than`` (seconds since the epoch) or later.

    What is gone meanwhile is not older, and neither is a link: it is not ours.
    """
    try:
        return not path.is_symlink() and all(entry.st_mtime < than for entry in _entries(path))
    except FileNotFoundError:
        return False


def size(path: Path) -> int:
    """Bytes in the files of ``path``; none where it is gone meanwhile."""
    try:
        entries = list(_entries(path))
    except FileNotFoundError:
        return 0
    # A folder's own size says how many names it once held.
    return sum(entry.st_size for entry in entries if not _is_folder(entry))


def _entries(path: Path) -> Iterator[os.stat_result]:
    """``path`` and everything inside it; links are not followed."""
    found = path.lstat()
    yield found
    if _is_folder(found):
        for inside in path.iterdir():
            yield from _entries(inside)


def _is_folder(entry: os.stat_result) -> bool:
    return stat.S_ISDIR(entry.st_mode)
