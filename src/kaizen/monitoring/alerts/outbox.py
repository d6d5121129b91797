"""The outbox: messages are written down before they are sent, and marked after.

A message is written down in the transaction that changes its alert. A kill at any line loses no
message, and repeats at most the one that was being sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaizen.core.results import Record
from kaizen.monitoring.alerts.alert import Message
from kaizen.monitoring.alerts.database import Database, read

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 3600.0
"""How long a failed channel backs off: doubled with each failure, up to the longest."""


class Unsent(Record):
    """A message that, as far as is known, has not arrived.

    Attributes:
        message: to be sent.
        attempts: how often it was tried.
        error: of the newest attempt; "" where there was none.
    """

    message: Message
    attempts: int
    error: str


class Outbox:
    """The messages of a database of alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def post(self, messages: Sequence[Message]) -> None:
        """Inside a transaction, write down messages to send; one that is there stays as it is."""
        for message in messages:
            self._database.do(
                "INSERT OR IGNORE INTO outbox (id, usecase, channel, document) VALUES (?, ?, ?, ?)",
                message.id, message.usecase, message.channel, message.model_dump_json(),
            )  # fmt: skip

    def unsent(self, usecase: str) -> list[Unsent]:
        """Messages that have not arrived: those tried least first, then the oldest."""
        rows = self._database.ask(
            "SELECT document, attempts, error FROM outbox WHERE usecase = ? AND sent IS NULL "
            "ORDER BY attempts, number",
            usecase,
        )
        return [
            Unsent(message=read(Message, document), attempts=attempts, error=error)
            for document, attempts, error in rows
        ]

    def resting(self, usecase: str, now: float) -> dict[str, float]:
        """Channels that failed and back off, and until when."""
        query = "SELECT channel, retry FROM channels WHERE usecase = ? AND retry > ?"
        return dict(self._database.ask(query, usecase, now))

    def sent(self, message: Message, now: float) -> None:
        """Note that the message has arrived."""
        with self._database.transaction():
            self._database.do(
                "UPDATE outbox SET sent = ?, error = '', attempts = attempts + 1 "
                "WHERE id = ? AND channel = ?",
                now, message.id, message.channel,
            )  # fmt: skip
            self._database.do(
                "DELETE FROM channels WHERE usecase = ? AND channel = ?",
                message.usecase, message.channel,
            )  # fmt: skip

    def failed(self, message: Message, error: str, now: float) -> None:
        """Note that the message has not arrived; its channel backs off for a while."""
        with self._database.transaction():
            self._database.do(
                "UPDATE outbox SET attempts = attempts + 1, error = ? WHERE id = ? AND channel = ?",
                error, message.id, message.channel,
            )  # fmt: skip
            key = (message.usecase, message.channel)
            query = "SELECT failures FROM channels WHERE usecase = ? AND channel = ?"
            found = self._database.ask(query, *key)
            failures = found[0][0] if found else 0
            wait = min(FIRST_WAIT_S * 2**failures, LONGEST_WAIT_S)
            self._database.do(
                "INSERT OR REPLACE INTO channels VALUES (?, ?, ?, ?)",
                *key, min(failures + 1, 20), now + wait,
            )  # fmt: skip
