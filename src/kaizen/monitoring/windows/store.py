"""The store of assessments: one small database in the home."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from kaizen.core.database import Database
from kaizen.core.errors import unknown
from kaizen.core.paths import Home
from kaizen.monitoring.windows.assessment import Assessment
from kaizen.monitoring.windows.window import Window

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE assessments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    usecase TEXT NOT NULL,
    version TEXT NOT NULL,
    window TEXT NOT NULL,
    labels INTEGER NOT NULL,
    since REAL NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (usecase, window, labels)
);
CREATE TABLE nights (
    usecase TEXT NOT NULL, day TEXT NOT NULL, page TEXT NOT NULL, PRIMARY KEY (usecase, day)
);
CREATE INDEX in_order ON assessments (usecase, version, number);
"""
# Of a window that was assessed again, because labels came, the last assessment counts.
_LAST = "number IN (SELECT max(number) FROM assessments WHERE usecase = ? GROUP BY window)"


def lock(home: Home, usecase: str) -> Path:
    """The lock that the monitor of ``usecase`` holds."""
    return home.monitoring / f"{usecase}.lock"


class Store:
    """The assessments of one home. Safe to use from several processes."""

    def __init__(self, home: Home) -> None:
        self.path = home.monitoring / "verdicts.db"

    def add(self, assessment: Assessment) -> bool:
        """Keep ``assessment``; on disk when this returns.

        Returns False where the window was assessed with as many labels before: that one stays.
        """
        row = (
            assessment.window.usecase,
            assessment.window.version,
            assessment.window.name,
            assessment.performance.rows,
            assessment.window.since,
            assessment.model_dump_json(),
        )
        with self._open() as database, database.transaction():
            changed = database.do(
                "INSERT OR IGNORE INTO assessments "
                "(usecase, version, window, labels, since, document) VALUES (?, ?, ?, ?, ?, ?)",
                *row,
            )
        return changed == 1

    def reported(self, usecase: str, name: str, page: str) -> None:
        """Note the report that was drawn of the window called ``name``."""
        with self._open() as database, database.transaction():
            database.do(
                "UPDATE assessments SET document = json_set(document, '$.report', ?) WHERE number ="
                " (SELECT max(number) FROM assessments WHERE usecase = ? AND window = ?)",
                page,
                usecase,
                name,
            )

    def newest(
        self, usecase: str, n: int | None = None, *, version: str | None = None
    ) -> list[Assessment]:
        """The last assessment of each of the newest ``n`` windows (None: all), oldest first."""
        of = "AND version = ? " if version is not None else ""
        asked = (usecase, usecase, *([version] if version is not None else []))
        return self._read(
            f"WHERE usecase = ? AND {_LAST} {of}ORDER BY since DESC, number DESC LIMIT ?",
            (*asked, -1 if n is None else n),
        )[::-1]

    def since(self, usecase: str, time: float) -> list[Assessment]:
        """The last assessment of each window that ends after ``time``, oldest first."""
        return [found for found in self.newest(usecase) if found.window.until > time]

    def last(self, usecase: str, name: str) -> Assessment | None:
        """The last assessment of the window called ``name``, None where there is none."""
        found = self._read(
            "WHERE usecase = ? AND window = ? ORDER BY number DESC LIMIT 1", (usecase, name)
        )
        return found[0] if found else None

    def find(self, usecase: str, name: str) -> Assessment:
        """The last assessment of the window called ``name``.

        Raises:
            UsageError: there is none; the nearest name is offered.
        """
        found = self.last(usecase, name)
        if found is None:
            raise unknown("window", name, [each.window.name for each in self.newest(usecase, 20)])
        return found

    def windows(self, usecase: str, version: str) -> list[Window]:
        """Every window of a version that was judged, oldest first."""
        with self._open() as database:
            rows = database.ask(
                "SELECT json_extract(document, '$.window') FROM assessments "  # noqa: S608
                f"WHERE usecase = ? AND {_LAST} AND version = ? ORDER BY since, number",
                usecase,
                usecase,
                version,
            )
            return [Window.model_validate_json(document) for (document,) in rows]

    def night(self, usecase: str) -> date | None:
        """The day of the last nightly report, None before the first."""
        with self._open() as database:
            found = database.ask("SELECT max(day) FROM nights WHERE usecase = ?", usecase)
        days = [day for (day,) in found if day]
        return date.fromisoformat(days[0]) if days else None

    def had_night(self, usecase: str, day: date, page: str) -> None:
        """Note the nightly report of ``day``; ``page`` is empty where there was nothing to draw."""
        with self._open() as database, database.transaction():
            database.do(
                "INSERT OR REPLACE INTO nights VALUES (?, ?, ?)", usecase, day.isoformat(), page
            )

    def usecases(self) -> list[str]:
        """Use cases with an assessment."""
        with self._open() as database:
            rows = database.ask("SELECT DISTINCT usecase FROM assessments ORDER BY usecase")
            return [usecase for (usecase,) in rows]

    def _read(self, clause: str, values: Iterable[object]) -> list[Assessment]:
        with self._open() as database:
            rows = database.ask(f"SELECT document FROM assessments {clause}", *values)  # noqa: S608
            return [Assessment.model_validate_json(document) for (document,) in rows]

    def _open(self) -> Database:
        """Anew for each use: a store is asked by several threads."""
        return Database(self.path, _SCHEMA, SCHEMA_VERSION)
