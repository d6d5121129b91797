"""Sends the outbox: one message after the other, channels that failed last."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaizen.core.alert_settings import AlertsRule
from kaizen.core.paths import Home
from kaizen.monitoring.alerts.channels import NotSent, send
from kaizen.monitoring.alerts.outbox import Unsent
from kaizen.monitoring.alerts.store import AlertStore


def dispatch(home: Home, store: AlertStore, usecase: str, rule: AlertsRule, now: float) -> None:
    """Send the messages that have not arrived, to channels that exist and are not backing off.

    Each message is marked before the next is sent, so that a kill repeats one at most. A channel
    that fails is left alone for a while, and the others go on.

    Args:
        home: the state folder.
        store: holds the outbox; not inside a transaction.
        usecase: whose.
        rule: the channels.
        now: seconds since the epoch.
    """
    if not _sendable(store, usecase, rule, now):
        return
    with _alone(home.monitoring / "alerts" / f"{usecase}.lock"):
        failed: set[str] = set()
        for unsent in _sendable(store, usecase, rule, now):
            message = unsent.message
            if message.channel in failed:
                continue
            try:
                send(home, rule.telling[message.channel], message)
            except NotSent as problem:
                failed.add(message.channel)
                store.outbox.failed(message, str(problem), now)
            else:
                store.outbox.sent(message, now)


def _sendable(store: AlertStore, usecase: str, rule: AlertsRule, now: float) -> list[Unsent]:
    """Least tried first: a channel in good order never waits for one that is not."""
    resting, channels = store.outbox.resting(usecase, now), rule.telling
    return [
        unsent
        for unsent in store.outbox.unsent(usecase)
        if unsent.message.channel in channels and unsent.message.channel not in resting
    ]


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process sends for this use case; the lock of a dead one is released."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
