"""Writes events to disk before their answers leave, and never makes a prediction wait or fail.

One process writes one file: whole requests, each by a single ``write`` to a file opened for
append, so ``kill -9`` loses no event whose answer went out. A thread makes the bytes durable
against a power cut once a second. A full disk costs events, which are counted, never answers.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from kaizen.core.atomic import sync_folder

OPEN = ".jsonl.open"
SEALED = ".jsonl"
"""Suffix of a file that is complete: its writer has gone on to the next one."""
TORN = ".torn"
"""After it: of a compacted file with lines that are no events."""

_LOOK_S = 1.0

_log = logging.getLogger("kaizen.events")


class Spool:
    """The event file of this process. To be used from one thread.

    Args:
        folder: where the files of one use case lie; made when it is missing.
        max_bytes: size at which a new file is begun.
        max_seconds: age at which a new file is begun.
        sync_seconds: pause between two syncs to disk.
        max_total: no new file is begun while those of all writers hold so many bytes: where nobody
            compacts, events are dropped rather than the disk filled. None for no bound.

    Attributes:
        written, dropped: number of events on disk, and of those lost to an error.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = 64 * 2**20,
        max_seconds: float = 3600.0,
        sync_seconds: float = 1.0,
        max_total: int | None = None,
    ) -> None:
        self.written = 0
        self.dropped = 0
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._sync_seconds = sync_seconds
        self._max_total = max_total
        self._look_at = 0.0
        self._file: _File | None = None
        self._finished: list[_File] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sync, name="event-sync", daemon=True)
        self._thread.start()

    def write(self, lines: list[bytes]) -> bool:
        """Append the lines of one request, all or none. True when they are in the file.

        Never raises for the disk's sake: what cannot be written is counted in ``dropped``.
        """
        try:
            self._current().append(b"".join(lines))
        except OSError as error:
            if not self.dropped:
                _log.error("events are being lost: cannot write to %s: %s", self._folder, error)
            self.dropped += len(lines)
            return False
        self.written += len(lines)
        return True

    def close(self) -> None:
        """Sync and seal the file. The spool cannot be used afterwards."""
        self._stop.set()
        self._thread.join()
        with self._lock:
            files = [*self._finished, *([self._file] if self._file else [])]
            self._finished, self._file = [], None
        for file in files:
            file.seal()

    def _current(self) -> _File:
        file = self._file
        if file and file.size < self._max_bytes and file.age() < self._max_seconds:
            return file
        with self._lock:
            if file:
                self._finished.append(file)
            self._file = None
        self._check_total()
        fresh = _File(self._folder)
        with self._lock:
            self._file = fresh
        return fresh

    def _check_total(self) -> None:
        """Refuse a new file while there are too many; looked at once a second at most."""
        if self._max_total is None:
            return
        now = time.monotonic()
        if now >= self._look_at:
            if _held(self._folder) < self._max_total:
                return
            self._look_at = now + _LOOK_S
        raise OSError(
            f"its files hold {self._max_total} bytes, which is all they may: `kaizen compact`"
        )

    def _sync(self) -> None:
        while not self._stop.wait(self._sync_seconds):
            with self._lock:
                finished, self._finished = self._finished, []
                file = self._file
            for old in finished:
                old.seal()
            if file:
                file.sync()


def _held(folder: Path) -> int:
    """Bytes in the spool files of a folder."""
    total = 0
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for each in found:
            if each.name.endswith((OPEN, SEALED)):
                with suppress(FileNotFoundError):
                    total += each.stat().st_size
    return total


class _File:
    """One file and its only writer."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        began = time.time_ns()
        self._path = folder / f"{began:020d}-{os.getpid()}{OPEN}"
        self._descriptor = os.open(
            self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640
        )
        # Says that the writer lives, before there is a byte to be lost; a file system without
        # locks has the process number in the name.
        with suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._began = time.monotonic()
        self._unsynced = False
        self._named = False
        self._torn = False
        self.size = 0

    def age(self) -> float:
        return time.monotonic() - self._began

    def append(self, content: bytes) -> None:
        """Write all of ``content`` or raise OSError and leave the file as it was."""
        if self._torn:
            content = b"\n" + content
        count = os.write(self._descriptor, content)
        if count < len(content):
            self._undo()
            raise OSError(f"only {count} of {len(content)} bytes fitted")
        self.size += count
        self._torn = False
        self._unsynced = True

    def _undo(self) -> None:
        """Take half a request back; where even that fails, the next write begins a new line."""
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            self._torn = True
            self.size = os.fstat(self._descriptor).st_size

    def sync(self) -> None:
        if self._unsynced:
            self._unsynced = False
            with suppress(OSError):
                os.fdatasync(self._descriptor)
                if not self._named:
                    sync_folder(self._path.parent)
                    self._named = True

    def seal(self) -> None:
        self.sync()
        with suppress(OSError):
            if self.size:
                self._path.rename(self._path.with_name(self._path.name.removesuffix(OPEN) + SEALED))
            else:
                self._path.unlink()
        with suppress(OSError):
            os.close(self._descriptor)
