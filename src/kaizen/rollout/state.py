"""Desired state and observed processes: one small database in the home.

``desired`` holds one row per use case, ``history`` every row it ever was, ``services`` the
processes that the supervisor must keep alive and ``processes`` what it last saw of them. Every
change is one durable transaction; reading needs no running process.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, Field

from kaizen.core.database import Database
from kaizen.core.paths import Home
from kaizen.core.results import Record, Release

SCHEMA_VERSION = 2
KEPT_RELEASES = 10
"""How many earlier releases of a use case can be rolled back to."""

_SCHEMA = """
CREATE TABLE desired (usecase TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE history (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, usecase TEXT NOT NULL,
    what TEXT NOT NULL, why TEXT NOT NULL, document TEXT
);
CREATE TABLE services (
    name TEXT PRIMARY KEY, document TEXT NOT NULL, owner TEXT NOT NULL DEFAULT 'rollout'
);
CREATE TABLE processes (name TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_UPGRADES = {1: "ALTER TABLE services ADD COLUMN owner TEXT NOT NULL DEFAULT 'rollout'"}
"""All services of schema 1 were the rollout's."""

ROLLOUT = "rollout"
"""Owner of the router and of model servers; a reconciler starts and ends these alone."""

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
    """A new release that gets its share of the requests in stages, up to all of them.

    Attributes:
        version: the new release; all requests go back to the other one when it fails.
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
        previous: releases that can be rolled back to, the newest last.
        keep_warm_s: how long a release that was replaced is kept running.
        canary: the new release while its stages last, else None.
    """

    usecase: str
    releases: tuple[Placed, ...]
    workers: int
    previous: tuple[Release, ...] = ()
    keep_warm_s: float = 0.0
    canary: Canary | None = None

    @property
    def main(self) -> Placed:
        """The release with the largest share; the old one during a canary."""
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
        owner: who registered it, and alone may end it. A column of its own, not in the document.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    log: str
    owner: str = Field(default=ROLLOUT, exclude=True)


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


class HistoryEntry(Record):
    """One change of what should be served."""

    at: str
    usecase: str
    what: str
    why: str


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class State(Database):
    """The database of one home."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.rollout / "state.db", _SCHEMA, SCHEMA_VERSION, _UPGRADES)

    def desired(self) -> dict[str, Desired]:
        """Every use case that should be served."""
        return {each.usecase: each for each in self._all("desired", Desired)}

    def services(self, owner: str | None = None) -> dict[str, Service]:
        """Every process that should run, by name: those of ``owner``, or of all owners."""
        rows = self.ask("SELECT name, owner, document FROM services ORDER BY name")
        return {
            name: Service.model_validate({**json.loads(document), "owner": its})
            for name, its, document in rows
            if owner in (None, its)
        }

    def processes(self) -> dict[str, Process]:
        """What was last seen of each process."""
        return {each.name: each for each in self._all("processes", Process)}

    def history(self, usecase: str | None = None) -> list[HistoryEntry]:
        """Every change, oldest first."""
        rows = self.ask("SELECT at, usecase, what, why FROM history ORDER BY id")
        return [
            HistoryEntry(at=at, usecase=name, what=what, why=why)
            for at, name, what, why in rows
            if usecase in (None, name)
        ]

    def setting(self, name: str) -> str | None:
        """A remembered value, such as the router's port."""
        rows = self.ask("SELECT value FROM settings WHERE name = ?", name)
        return rows[0][0] if rows else None

    def remember(self, name: str, value: str) -> None:
        """Keep a value."""
        with self.transaction():
            self.do("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def want(self, desired: Desired, what: str, why: str) -> None:
        """Change what should be served for one use case."""
        document = desired.model_dump_json()
        with self.transaction():
            self.do("INSERT OR REPLACE INTO desired VALUES (?, ?)", desired.usecase, document)
            self._note(desired.usecase, what, why, document)

    def forget(self, usecase: str, what: str, why: str) -> None:
        """Serve a use case no more."""
        with self.transaction():
            self.do("DELETE FROM desired WHERE usecase = ?", usecase)
            self._note(usecase, what, why, None)

    def keep(self, service: Service) -> None:
        """Ask for a process. What was seen of an earlier one of this name is dropped."""
        with self.transaction():
            self.do("DELETE FROM processes WHERE name = ?", service.name)
            document = service.model_dump_json()
            self.do(
                "INSERT OR REPLACE INTO services (name, owner, document) VALUES (?, ?, ?)",
                service.name, service.owner, document,
            )  # fmt: skip

    def release(self, names: list[str]) -> None:
        """Ask for these processes no more."""
        if not names:
            return  # nor is a database made: the home may just have been removed
        with self.transaction():
            for name in names:
                self.do("DELETE FROM services WHERE name = ?", name)

    def saw(self, process: Process) -> None:
        """Write down what a process was seen to do."""
        with self.transaction():
            document = process.model_dump_json()
            self.do("INSERT OR REPLACE INTO processes VALUES (?, ?)", process.name, document)

    def gone(self, name: str) -> None:
        """A process was ended on purpose."""
        with self.transaction():
            self.do("DELETE FROM processes WHERE name = ?", name)

    def revision(self) -> int:
        """A number that changes whenever another connection has changed the database."""
        return int(self.ask("PRAGMA data_version")[0][0]) if self.exists else 0

    def _note(self, usecase: str, what: str, why: str, document: str | None) -> None:
        self.do(
            "INSERT INTO history (at, usecase, what, why, document) VALUES (?, ?, ?, ?, ?)",
            now(), usecase, what, why, document,
        )  # fmt: skip

    def _all(self, table: str, kind: type[_Document]) -> list[_Document]:
        query = f"SELECT document FROM {table} ORDER BY 1"  # noqa: S608 - our own table names
        return [kind.model_validate(json.loads(row[0])) for row in self.ask(query)]
