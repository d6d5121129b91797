"""The gate between a step and ZenML's record: a step that nobody waits for any more is kept out.

Without it a light step that was left behind at its time limit could still begin in the record, in
place of its own retry, or be completed there in a run that failed because of it.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_current: ContextVar[Gate | None] = ContextVar("gate", default=None)


class Abandoned(Exception):
    """What a step gets that has been shut out."""


class Gate:
    """Open until it is shut."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open = True

    @contextmanager
    def before(self) -> Iterator[None]:
        """What is written to the record inside, in this context, goes through this gate."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """One write.

        Raises:
            Abandoned: the gate is shut.
        """
        with self._lock:
            if not self._open:
                raise Abandoned("its time was over: nobody waits for it any more")
            yield

    def shut(self) -> None:
        """From now on; a write that is passing ends first."""
        with self._lock:
            self._open = False


def guarded(write: Callable[..., Any]) -> Callable[..., Any]:
    """``write``, through the gate of the step that calls it, if that has one."""

    @functools.wraps(write)
    def through(*args: Any, **keywords: Any) -> Any:
        gate = _current.get()
        if gate is None:
            return write(*args, **keywords)
        with gate.passing():
            return write(*args, **keywords)

    return through
