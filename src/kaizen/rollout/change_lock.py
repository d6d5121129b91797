"""Locks of a home: one command at a time changes what is served, one watches a canary."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kaizen.core import locks
from kaizen.core.paths import Home


@contextmanager
def lock(home: Home, report: Callable[[str], None]) -> Iterator[None]:
    """Held by the one command that changes what runs in a home; the next one waits for it."""
    home.rollout.mkdir(parents=True, exist_ok=True)
    with (home.rollout / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another kaizen command to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def lock_if_free(home: Home) -> Iterator[bool]:
    """The same lock unless a command holds it; yields whether it was free. Makes no folder."""
    try:
        with locks.held(home.rollout / "lock"):
            yield True
    except BlockingIOError:
        yield False


def watch_lock(home: Home, usecase: str) -> Path:
    """The file that the command which watches a canary holds for as long as it does."""
    return home.rollout / f"{usecase}.watched"
