"""What should be served, and what was found to run: one small database in the home.

``desired`` holds one row per use case, ``history`` every row it ever was, ``services`` the
processes that the supervisor must keep alive and ``processes`` what it last saw of them. Every
change is one durable transaction; reading needs no running process.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from kaizen.errors import KaizenError
from kaizen.paths import Home
from kaizen.results import Record, Release

SCHEMA_VERSION = 1
KEPT_RELEASES = 10
"""How many earlier releases of a use case can be rolled back to."""

_SCHEMA = """
CREATE TABLE desired (usecase TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE history (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, usecase TEXT NOT NULL,
    what TEXT NOT NULL, why TEXT NOT NULL, document TEXT
);
CREATE TABLE services (name TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE processes (name TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_Document = TypeVar("_Document", bound=BaseModel)


class Placed(Record):
    """A release with its place in the traffic.

    Attributes:
        release: what is served.
        weight: share of the use case's requests, in percent.
        port: where its server listens on the loopback interface.
        slot: which of the router's two places it has, "blue" or "green".
        service: name of its process.
        warm_until: without a share, the time (seconds since the epoch) after which it is retired.
    """

    release: Release
    weight: int
    port: int
    slot: str
    service: str
    warm_until: float | None = None


class Canary(Record):
    """A release on its way to all requests, one stage after the other.

    Attributes:
        version: what is on its way; all requests go back to the other release when it fails.
        stages: its shares in percent, rising to 100.
        at: index of the stage in force.
        since: when that stage began, seconds since the epoch.
        min_requests: answers of it that end the stage.
        max_seconds: longest stage; then its golden answers and a replay decide.
    """

    version: str
    stages: tuple[int, ...]
    at: int
    since: float
    min_requests: int
    max_seconds: float


class Desired(Record):
    """What should be served for one use case.

    Attributes:
        releases: at most two, their weights 100 together; weight 0 is kept warm.
        workers: server processes of each.
        previous: the way back, the newest last.
        keep_warm_s: how long a release that was replaced is kept running.
        canary: the release on its way, None where nothing changes.
    """

    usecase: str
    releases: tuple[Placed, ...]
    workers: int
    previous: tuple[Release, ...] = ()
    keep_warm_s: float = 0.0
    canary: Canary | None = None

    @property
    def main(self) -> Placed:
        """The release with the largest share; the old one while another is on its way."""
        settled = [
            placed
            for placed in self.releases
            if self.canary is None or placed.release.version != self.canary.version
        ]
        return max(settled or self.releases, key=lambda placed: placed.weight)

    def placed(self, version: str) -> Placed | None:
        """The release of ``version``, the one with the largest share; None where there is none."""
        found = [each for each in self.releases if each.release.version == version]
        return max(found, key=lambda each: each.weight, default=None)


class Service(Record):
    """A process that the supervisor keeps alive.

    Attributes:
        name: unique in the home.
        command: program and arguments.
        environment: all its variables; the supervisor's own do not go along.
        folder: working folder.
        log: file that its output is appended to.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    log: str


class Process(Record):
    """What the supervisor last saw of a service.

    Attributes:
        pid, created: the process and its start time (seconds since the epoch): a reused pid is
            another process. None while none runs.
        token: mark in the environment of this process and of all that it started.
        since: when it was started, ISO 8601 in UTC.
        exits: how often it has ended on its own.
        code: its last exit code; negative for a signal; None when it is not known.
    """

    name: str
    pid: int | None = None
    created: float | None = None
    token: str = ""
    since: str = ""
    exits: int = 0
    code: int | None = None


class Change(Record):
    """One line of the history."""

    at: str
    usecase: str
    what: str
    why: str


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class State:
    """The database of one home. Safe in several processes; one object belongs to one thread."""

    def __init__(self, home: Home) -> None:
        self.path = home.rollout / "state.db"
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def desired(self) -> dict[str, Desired]:
        """Every use case that should be served."""
        return {each.usecase: each for each in self._all("desired", Desired)}

    def services(self) -> dict[str, Service]:
        """Every process that should run."""
        return {each.name: each for each in self._all("services", Service)}

    def processes(self) -> dict[str, Process]:
        """What was last seen of each process."""
        return {each.name: each for each in self._all("processes", Process)}

    def history(self, usecase: str | None = None) -> list[Change]:
        """Every change, oldest first."""
        rows = self._query("SELECT at, usecase, what, why FROM history ORDER BY id")
        return [
            Change(at=at, usecase=name, what=what, why=why)
            for at, name, what, why in rows
            if usecase in (None, name)
        ]

    def setting(self, name: str) -> str | None:
        """A remembered value, such as the router's port."""
        rows = self._query("SELECT value FROM settings WHERE name = ?", name)
        return rows[0][0] if rows else None

    def remember(self, name: str, value: str) -> None:
        """Keep a value."""
        with self._transaction() as change:
            change.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def want(self, desired: Desired, what: str, why: str) -> None:
        """Change what should be served for one use case."""
        document = desired.model_dump_json()
        with self._transaction() as change:
            change.execute(
                "INSERT OR REPLACE INTO desired VALUES (?, ?)", (desired.usecase, document)
            )
            self._note(change, desired.usecase, what, why, document)

    def forget(self, usecase: str, what: str, why: str) -> None:
        """Serve a use case no more."""
        with self._transaction() as change:
            change.execute("DELETE FROM desired WHERE usecase = ?", (usecase,))
            self._note(change, usecase, what, why, None)

    def keep(self, service: Service) -> None:
        """Ask for a process. What was seen of an earlier one of this name is dropped."""
        with self._transaction() as change:
            change.execute("DELETE FROM processes WHERE name = ?", (service.name,))
            row = (service.name, service.model_dump_json())
            change.execute("INSERT OR REPLACE INTO services VALUES (?, ?)", row)

    def release(self, names: list[str]) -> None:
        """Ask for these processes no more."""
        if not names:
            return  # nor is a database made: the home may just have been removed
        with self._transaction() as change:
            change.executemany("DELETE FROM services WHERE name = ?", [(name,) for name in names])

    def saw(self, process: Process) -> None:
        """Write down what a process was seen to do."""
        with self._transaction() as change:
            row = (process.name, process.model_dump_json())
            change.execute("INSERT OR REPLACE INTO processes VALUES (?, ?)", row)

    def gone(self, name: str) -> None:
        """A process was ended on purpose."""
        with self._transaction() as change:
            change.execute("DELETE FROM processes WHERE name = ?", (name,))

    def revision(self) -> int:
        """A number that changes whenever another connection has changed the database."""
        return int(self._query("PRAGMA data_version")[0][0])

    @staticmethod
    def _note(
        change: sqlite3.Connection, usecase: str, what: str, why: str, document: str | None
    ) -> None:
        change.execute(
            "INSERT INTO history (at, usecase, what, why, document) VALUES (?, ?, ?, ?, ?)",
            (now(), usecase, what, why, document),
        )

    def _all(self, table: str, kind: type[_Document]) -> list[_Document]:
        query = f"SELECT document FROM {table} ORDER BY 1"  # noqa: S608 - our own table names
        return [kind.model_validate(json.loads(row[0])) for row in self._query(query)]

    def _query(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        if self._connection is None and not self.path.exists():
            return [(0,)] if statement.startswith("PRAGMA") else []
        return list(self._open().execute(statement, values))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connect(self.path)
        return self._connection


def _connect(path: Path) -> sqlite3.Connection:
    """The database, made when it is not there.

    Raises:
        KaizenError: it cannot be opened, or a newer kaizen wrote it.
    """
    # What runs here is this user's business alone: other users may not even look.
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
