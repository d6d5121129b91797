"""Small databases in the state folder: each change is one durable transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from kaizen.core.errors import KaizenError


class Database:
    """One SQLite file. Safe in several processes; one object belongs to one thread.

    Nothing is made while it is only asked.

    Args:
        path: the file; other users may not even look into its folder.
        schema: statements that make its tables.
        version: of the schema; a file of a later one is refused.
        upgrades: statements that make a schema the next one, by the version they start from. A
            file of an earlier version is upgraded, whole or not at all, when it is opened.
    """

    def __init__(
        self, path: Path, schema: str, version: int = 1, upgrades: Mapping[int, str] | None = None
    ) -> None:
        self.path = path
        self._schema, self._version = schema, version
        self._upgrades = upgrades or {}
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection:
            self._connection.close()
            self._connection = None

    @property
    def exists(self) -> bool:
        """Whether there is anything to be asked."""
        return self._connection is not None or self.path.exists()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is changed in the block is on disk when it ends; nothing of it if it fails.

        Raises:
            KaizenError: the file cannot be opened, or a newer kaizen wrote it.
        """
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows; none where there is no file.

        Raises:
            KaizenError: the file cannot be opened, or a newer kaizen wrote it.
        """
        return list(self._open().execute(statement, values)) if self.exists else []

    def do(self, statement: str, *values: Any) -> int:
        """A change, inside of a transaction; the number of rows changed.

        Raises:
            RuntimeError: it is outside of one.
        """
        connection = self._open()
        if not connection.in_transaction:
            raise RuntimeError("a change outside of a transaction")
        return connection.execute(statement, values).rowcount

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.parent.chmod(0o700)
        connection = None
        try:
            connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            found = _version(connection)
            if found < self._version:
                connection.execute("BEGIN IMMEDIATE")
                self._upgrade(connection, _version(connection))  # another process may have done it
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection:
                connection.close()  # also lets go of an upgrade begun: nothing of it is kept
            raise KaizenError(f"cannot open {self.path}: {error}") from error
        if found > self._version:
            connection.close()
            raise KaizenError(
                f"{self.path} has schema {found}, this kaizen knows {self._version}: "
                "use a newer kaizen"
            )
        return connection

    def _upgrade(self, connection: sqlite3.Connection, found: int) -> None:
        """Make the tables, or change those of schema ``found``; the caller commits."""
        if found >= self._version:
            return
        steps = [self._upgrades[number] for number in range(found, self._version)] if found else []
        for script in steps or [self._schema]:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {self._version}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
