"""ZenML's store on this machine: opened without looking for migrations, set for many small writes.

SQLite as ZenML leaves it waits for the disk twice at each of some 18 commits a step. In WAL mode
with ``synchronous=NORMAL`` a commit is a write to the log: it survives ``kill -9``; after a loss
of power the last commits may be missing, and the database is whole.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import zenml
from sqlalchemy import event
from zenml.client import Client
from zenml.config.global_config import GlobalConfiguration
from zenml.constants import ENV_ZENML_DISABLE_DATABASE_MIGRATION
from zenml.utils.env_utils import temporary_environment

from kaizen.core import atomic
from kaizen.core.paths import Home

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY")


def start(state: Home) -> None:
    """Open the store of this process and set it. Safe to repeat.

    A store that is no SQLite file is opened as ZenML does.
    """
    note = state.zenml / "migrated"
    _prepare(state.zenml_database)
    skip = {}
    if note.is_file() and note.read_text(encoding="utf-8") == _level(state):
        skip = {ENV_ZENML_DISABLE_DATABASE_MIGRATION: "true"}
    with temporary_environment(skip):
        store = Client().zen_store
    engine = getattr(store, "engine", None)
    if engine is None or engine.dialect.name != "sqlite":
        return
    if not event.contains(engine, "connect", _set):
        event.listen(engine, "connect", _set)
        engine.dispose()
    if not skip and (level := _level(state)):
        atomic.write_text(note, level)


def untouched() -> bool:
    """Whether this process has not opened the store yet."""
    return not GlobalConfiguration().is_initialized


def close() -> None:
    """Close every connection to the store; the next one who needs one opens it."""
    engine = getattr(Client().zen_store, "engine", None)
    if engine is not None:
        engine.dispose()


def _prepare(path: Path) -> None:
    """An empty file in WAL mode: ZenML makes its tables in half the time there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {PRAGMAS[0]}")


@contextmanager
def alone(state: Home) -> Iterator[None]:
    """One process of this home at a time: two may meet a new home at once."""
    state.zenml.mkdir(parents=True, exist_ok=True)
    with (state.zenml / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _level(state: Home) -> str:
    """ZenML's version and that of its tables; empty where there is no store yet."""
    path = state.zenml_database
    if not path.is_file():
        return ""
    with closing(sqlite3.connect(path)) as connection:
        try:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        except sqlite3.OperationalError:
            return ""
    return f"{zenml.__version__} {' '.join(sorted(str(row[0]) for row in rows))}"


def _set(connection: sqlite3.Connection, _: Any) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
