"""What a run says while it works: steps that start and end, and a key figure for each.

A listener is set for the length of a run; whoever works reports to it without knowing who
listens. Context variables carry both into the threads that run steps; a step in a process of
its own sends its reports to the thread that waits for it, which reports them here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

State = Literal["planned", "running", "cached", "done", "failed", "skipped"]


@dataclass(frozen=True)
class StepEvent:
    """One change of one step. ``figure`` is the last thing the step said of itself."""

    step: str
    state: State
    seconds: float | None = None
    figure: str = ""


Listener = Callable[[StepEvent], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
_step: ContextVar[str | None] = ContextVar("step", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send every report made inside this block to ``listener``; it must be safe for threads."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def listener() -> Listener | None:
    """Who listens here, for whoever hands reports on."""
    return _listener.get()


@contextmanager
def inside(step: str) -> Iterator[None]:
    """Figures reported inside this block belong to ``step``."""
    token = _step.set(step)
    try:
        yield
    finally:
        _step.reset(token)


def report(event: StepEvent) -> None:
    """Tell the listener, if there is one."""
    hear = listener()
    if hear is not None:
        hear(event)


def figure(text: str) -> None:
    """The running step's key figure so far ("epoch 3/12, val_accuracy 0.981")."""
    step = _step.get()
    if step is not None:
        report(StepEvent(step, "running", figure=text))
