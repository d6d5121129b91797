"""The labels of a use case: written durably, read as what is known of each event now.

All writers share one file, opened for append. Each write is one system call that begins with a
line break, so what a killed writer or a full disk left half written spoils no other line, and no
writer ever waits for another one. A label that is there already changes nothing, another one for
the same event replaces it, and every line is kept.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from kaizen.core.atomic import sync_folder
from kaizen.events.label import PREFIX, Label, line, parsed

FOLDER, FILE = "labels", "labels.jsonl"
"""In a use case's folder of events."""
_NAMED: set[tuple[int, int]] = set()
"""Device and inode of the files whose names this process has made durable."""


def append(folder: Path, labels: Iterable[Label]) -> None:
    """Add ``labels``; on disk, also against a power cut, when this returns.

    Args:
        folder: ``Home.events / USECASE``; made where it is missing.
        labels: of any events, whether they are known or not.

    Raises:
        OSError: they could not be written; some may be there all the same, and may be sent again.
        ValueError: one is too long; none is written.
    """
    path = folder / FOLDER / FILE
    content = b"".join([b"\n", *map(line, labels)])
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        count = os.write(descriptor, content)
        if count < len(content):
            raise OSError(errno.ENOSPC, f"only {count} of {len(content)} bytes fitted", str(path))
        os.fsync(descriptor)
        found = os.fstat(descriptor)
        place = found.st_dev, found.st_ino
    finally:
        os.close(descriptor)
    # Once by every process: who made the file may have been killed before it came to this.
    if place not in _NAMED:
        for above in (path.parent, folder, folder.parent):
            sync_folder(above)
        _NAMED.add(place)


def stamp(folder: Path) -> tuple[int, int]:
    """What changes whenever a label is written: size and time of the file; zeros without one."""
    try:
        found = (folder / FOLDER / FILE).stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def history(folder: Path, *, events: Container[str] | None = None) -> Iterator[Label]:
    """Every label that was ever written, in that order; repetitions too.

    Args:
        folder: ``Home.events / USECASE``.
        events: only of these event ids.

    Raises:
        KaizenError: a label's schema is newer than this code.
    """
    try:
        file = (folder / FOLDER / FILE).open("rb")
    except FileNotFoundError:
        return
    with file:
        for content in file:
            if events is not None:
                name, _, _ = content.removeprefix(PREFIX).partition(b'"')
                if name.decode("ascii", "replace") not in events:
                    continue
            # A label is acknowledged after its line break was written.
            label = parsed(content) if content.endswith(b"\n") else None
            if label is not None:
                yield label


def read(folder: Path, *, events: Container[str] | None = None) -> dict[str, Label]:
    """Event id to the label that counts: the last one, from when it first said so.

    Args:
        folder: ``Home.events / USECASE``; a missing folder holds no labels.
        events: only of these event ids.

    Raises:
        KaizenError: a label's schema is newer than this code.
    """
    known: dict[str, Label] = {}
    for label in history(folder, events=events):
        before = known.get(label.event)
        if before is None or not label.says(before):
            known[label.event] = label
    return known
