"""The store of alerts: alerts with their history, states of rules, judged windows, settings."""

from __future__ import annotations

from contextlib import AbstractContextManager

from kaizen.core.paths import Home
from kaizen.core.results import Record
from kaizen.monitoring.alerts.alert import Alert, JudgedWindow, RuleState
from kaizen.monitoring.alerts.database import Database, read
from kaizen.monitoring.alerts.lifecycle import needs_notification
from kaizen.monitoring.alerts.outbox import Outbox


class HistoryEntry(Record):
    """One entry in the history of an alert; ``at`` in seconds since the epoch."""

    at: float
    what: str


class AlertStore:
    """The alerts of one home, and its outbox. One object belongs to one thread.

    Changes are made inside a transaction.
    """

    def __init__(self, home: Home) -> None:
        self._database = Database(home)
        self.outbox = Outbox(self._database)

    def __enter__(self) -> AlertStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All changes within the block are on disk when it ends; none of them if it fails."""
        return self._database.transaction()

    def alert(self, name: str) -> Alert | None:
        """The alert with that id."""
        found = self._database.ask("SELECT document FROM alerts WHERE id = ?", name)
        return read(Alert, found[0][0]) if found else None

    def alerts(self, usecase: str | None = None, *, every: bool = False) -> list[Alert]:
        """The open alerts, or all there ever were, oldest first; None for all use cases."""
        where = "" if every else " AND open"
        rows = self._database.ask(
            f"SELECT document FROM alerts WHERE (? OR usecase = ?){where} ORDER BY number",  # noqa: S608
            usecase is None, usecase,
        )  # fmt: skip
        return [read(Alert, row[0]) for row in rows]

    def pending_notifications(self, usecase: str) -> list[Alert]:
        """Alerts whose state people have not been notified of, oldest first."""
        rows = self._database.ask(
            "SELECT document FROM alerts WHERE due AND usecase = ? ORDER BY number", usecase
        )
        return [read(Alert, row[0]) for row in rows]

    def history(self, alert: str) -> list[HistoryEntry]:
        """What happened to an alert, oldest first."""
        rows = self._database.ask(
            "SELECT at, what FROM history WHERE alert = ? ORDER BY number", alert
        )
        return [HistoryEntry(at=at, what=what) for at, what in rows]

    def rule_state(self, usecase: str, version: str, rule: str) -> RuleState:
        """The state of a rule for a version; a fresh one where there is none."""
        found = self._database.ask(
            "SELECT document FROM tracks WHERE usecase = ? AND version = ? AND rule = ?",
            usecase, version, rule,
        )  # fmt: skip
        if found:
            return read(RuleState, found[0][0])
        return RuleState(usecase=usecase, version=version, rule=rule)

    def window(self, usecase: str, version: str, window: str) -> JudgedWindow | None:
        """The window as the rules left it, None where they have not seen it."""
        found = self._database.ask(
            "SELECT document FROM judged WHERE usecase = ? AND version = ? AND window = ?",
            usecase, version, window,
        )  # fmt: skip
        return read(JudgedWindow, found[0][0]) if found else None

    def windows_between(self, usecase: str, since: float, until: float) -> list[JudgedWindow]:
        """Windows judged in [since, until), oldest first."""
        rows = self._database.ask(
            "SELECT document FROM judged WHERE usecase = ? AND at >= ? AND at < ? ORDER BY at",
            usecase, since, until,
        )  # fmt: skip
        return [read(JudgedWindow, row[0]) for row in rows]

    def newest(self, usecase: str) -> dict[str, float]:
        """When a window of each version was last judged."""
        rows = "SELECT version, max(at) FROM judged WHERE usecase = ? GROUP BY 1"
        return dict(self._database.ask(rows, usecase))

    def setting(self, usecase: str, name: str) -> str | None:
        """The value of a setting, None where it was never set."""
        query = "SELECT value FROM settings WHERE usecase = ? AND name = ?"
        found = self._database.ask(query, usecase, name)
        return found[0][0] if found else None

    def keep(self, before: Alert | None, after: Alert | None, now: float) -> list[Alert]:
        """Write down what became of an alert; returns it where its state has changed."""
        if after is None or after == before:
            return []
        began = before is None or before.id != after.id
        if not began and before is not None and before.state == after.state:
            self.put(after, "", now)
            return []
        what = "came back" if not began and after.open else after.state
        self.put(after, f"{what}: {after.reason}", now)
        return [after]

    def put(self, alert: Alert, what: str, at: float) -> None:
        """Write down an alert, and in its history ``what`` happened ("" for nothing)."""
        self._database.do(
            "INSERT INTO alerts (id, usecase, open, due, document) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET open = excluded.open, due = excluded.due, "
            "document = excluded.document",
            alert.id, alert.usecase, alert.open, needs_notification(alert), alert.model_dump_json(),
        )  # fmt: skip
        if what:
            row = (at, alert.id, what)
            self._database.do("INSERT INTO history (at, alert, what) VALUES (?, ?, ?)", *row)

    def put_rule_state(self, state: RuleState) -> None:
        """Write down the state of a rule."""
        row = (state.usecase, state.version, state.rule, state.model_dump_json())
        self._database.do("INSERT OR REPLACE INTO tracks VALUES (?, ?, ?, ?)", *row)

    def put_window(self, usecase: str, judged: JudgedWindow) -> None:
        """Write down a judged window."""
        row = (usecase, judged.version, judged.window, judged.at, judged.model_dump_json())
        self._database.do("INSERT OR REPLACE INTO judged VALUES (?, ?, ?, ?, ?)", *row)

    def put_setting(self, usecase: str, name: str, value: str) -> None:
        """Write down the value of a setting."""
        self._database.do("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)", usecase, name, value)

    def forget(self, usecase: str, before: float) -> None:
        """Delete windows and sent messages from before ``before``."""
        self._database.do("DELETE FROM judged WHERE usecase = ? AND at < ?", usecase, before)
        self._database.do("DELETE FROM outbox WHERE usecase = ? AND sent < ?", usecase, before)
