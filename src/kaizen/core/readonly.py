"""A look into a SQLite file that leaves no trace of itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

WAL_MARK = 18
"""Place of the byte in the file's head that is 2 in WAL mode."""
PATIENCE_S = 5.0

Answer = TypeVar("Answer")
Ask = Callable[[sqlite3.Connection], Answer]


def read(database: Path, ask: Ask[Answer]) -> Answer:
    """What ``ask`` answers, given a connection that cannot write.

    Even a read-only connection lays two files beside a database in WAL mode that nobody has open.
    Such a one is read as if it could not change, and again when it did.

    Raises:
        sqlite3.Error: it is damaged, busy, or has not what ``ask`` asks for.
    """
    before = _resting(database)
    if before is not None:
        with suppress(sqlite3.Error):
            answer = _asked(database, "immutable=1", ask)
            if _resting(database) == before:
                return answer
    return _asked(database, "mode=ro", ask)


def _asked(database: Path, option: str, ask: Ask[Answer]) -> Answer:
    address = f"{database.as_uri()}?{option}"
    with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_S)) as connection:
        return ask(connection)


def _resting(database: Path) -> tuple[int, int] | None:
    """Time and size of a file in WAL mode that nobody has open; else None."""
    if database.with_name(f"{database.name}-wal").exists():
        return None
    with database.open("rb") as file:
        head = file.read(WAL_MARK + 1)
    state = database.stat()
    return (state.st_mtime_ns, state.st_size) if head[WAL_MARK:] == b"\2" else None
