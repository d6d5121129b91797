"""Looks for what can go in a home, or removes it: every collector, one after the other."""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack

from kaizen.cleanup import bentos, half_written, run_logs, zenml_artifacts
from kaizen.cleanup import trash as trash_leavings
from kaizen.cleanup.collector import Collector, Leftovers
from kaizen.core import active_work, locks, trash
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home

COLLECTORS: tuple[Collector, ...] = (
    trash_leavings,
    zenml_artifacts,
    half_written,
    bentos,
    run_logs,
)
DAY_S = 86_400
CLOCK_S = 0.1
"""A file's time of change lags behind the clock by some milliseconds."""


def look(home: Home, days: float) -> list[Leftovers]:
    """What can go that is older than ``days``, a kind each. Nothing is changed.

    Raises:
        KaizenError: a store cannot be read.
    """
    return _find(home, days)


def remove(home: Home, days: float) -> list[Leftovers]:
    """Remove what can go.

    Raises:
        KaizenError: something cannot be removed or read, or another removal is going on.
    """
    if not home.root.is_dir():
        return look(home, days)
    with trash.held(home), ExitStack() as stack:
        gone = _find(home, days, stack)
        trash.remove((path for kind in gone for path in kind.paths), home)
    return gone


def _find(home: Home, days: float, stack: ExitStack | None = None) -> list[Leftovers]:
    """One look for each kind; with ``stack`` what is served stays as it is until that ends."""
    now = time.time()
    since = active_work.since(home, now)
    before = min(now - days * DAY_S, now if since is None else since) - CLOCK_S
    at_work = since is not None or (stack is not None and not _alone(home, stack))
    return [_ask(collector, home, before, at_work=at_work) for collector in COLLECTORS]


def _ask(collector: Collector, home: Home, before: float, *, at_work: bool) -> Leftovers:
    try:
        return collector.find(home, before, at_work=at_work)
    except sqlite3.Error as error:
        raise KaizenError(
            f"{collector.READS} cannot be read, so nothing of it can be told to be unused: "
            f"{error}; `kaizen doctor` says what to do"
        ) from error


def _alone(home: Home, stack: ExitStack) -> bool:
    """Keep deployments waiting until ``stack`` ends; False where one goes on."""
    try:
        stack.enter_context(locks.held(home.rollout / "lock"))
    except BlockingIOError:
        return False
    return True
