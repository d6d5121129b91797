"""The database of alerts: one small file in the home, each change one durable transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from kaizen.errors import KaizenError
from kaizen.paths import Home

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE alerts (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, usecase TEXT NOT NULL,
    open INTEGER NOT NULL, due INTEGER NOT NULL, document TEXT NOT NULL
);
CREATE TABLE history (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, alert TEXT NOT NULL, what TEXT NOT NULL
);
CREATE INDEX history_of ON history (alert);
CREATE TABLE tracks (
    usecase TEXT, version TEXT, rule TEXT, document TEXT NOT NULL,
    PRIMARY KEY (usecase, version, rule)
);
CREATE TABLE judged (
    usecase TEXT, version TEXT, window TEXT, at REAL NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (usecase, version, window)
);
CREATE INDEX judged_at ON judged (usecase, at);
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, usecase TEXT NOT NULL, channel TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, sent REAL, error TEXT NOT NULL DEFAULT '',
    document TEXT NOT NULL, UNIQUE (id, channel)
);
CREATE INDEX unsent ON outbox (usecase, channel) WHERE sent IS NULL;
CREATE TABLE channels (
    usecase TEXT, channel TEXT, failures INTEGER NOT NULL, retry REAL NOT NULL,
    PRIMARY KEY (usecase, channel)
);
CREATE TABLE settings (usecase TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (usecase, name));
"""
_Document = TypeVar("_Document", bound=BaseModel)


def path(home: Home) -> Path:
    """Where the database is."""
    return home.monitoring / "alerts" / "alerts.db"


class Database:
    """The file of one home. Safe in several processes; one object belongs to one thread.

    Nothing is made while it is only asked.
    """

    def __init__(self, home: Home) -> None:
        self.path = path(home)
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._connection:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is changed in the block is on disk when it ends; nothing of it if it fails."""
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows."""
        if self._connection is None and not self.path.exists():
            return []
        return list(self._open().execute(statement, values))

    def do(self, statement: str, *values: Any) -> None:
        """A change, inside of a transaction.

        Raises:
            RuntimeError: it is outside of one.
        """
        connection = self._open()
        if not connection.in_transaction:
            raise RuntimeError("a change outside of a transaction")
        connection.execute(statement, values)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connect(self.path)
        return self._connection


def read(kind: type[_Document], document: str) -> _Document:
    """A record as it was written."""
    return kind.model_validate(json.loads(document))


def _connect(path: Path) -> sqlite3.Connection:
    """The database, made when it is not there.

    Raises:
        KaizenError: it cannot be opened, or a newer kaizen wrote it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    try:
        connection = sqlite3.connect(path, timeout=10, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        found = _schema(connection)
        if found == 0:
            connection.execute("BEGIN IMMEDIATE")
            if _schema(connection) == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise KaizenError(f"cannot open {path}: {error}") from error
    if found > SCHEMA_VERSION:
        raise KaizenError(
            f"{path} has schema {found}, this kaizen knows {SCHEMA_VERSION}: use a newer kaizen"
        )
    return connection


def _schema(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
