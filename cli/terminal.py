"""The terminal during a run: live progress for people, the libraries' own lines to the log file."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kaizen import progress
from kaizen.progress import State, StepEvent

MARKS: dict[State, tuple[str, str]] = {
    "planned": ("·", "dim"),
    "running": ("○", "blue"),
    "cached": ("=", "dim"),
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("-", "dim"),
}
FIGURE_EVERY_S = 5.0
"""Plain output repeats a running step's figure this often at most."""


@dataclass
class Row:
    """What is known of one step."""

    state: State = "planned"
    begun: float = 0.0
    seconds: float | None = None
    figure: str = ""
    said: float = 0.0

    def update(self, event: StepEvent) -> None:
        """Take in an event; the last figure stays until a new one comes."""
        if event.state == "running" and self.state != "running":
            self.begun = time.monotonic()
        self.state = event.state
        self.seconds = event.seconds if event.seconds is not None else self.seconds
        self.figure = event.figure or self.figure

    def duration(self) -> str:
        """The step's time so far, for people."""
        if self.state == "running":
            return seconds_in_words(time.monotonic() - self.begun)
        if self.seconds is None or self.state == "cached":
            return ""
        return seconds_in_words(self.seconds)


class Board:
    """Collects events from any thread and shows them."""

    def __init__(self, console: Console) -> None:
        self.rows: dict[str, Row] = {}
        self._console = console
        self._lock = threading.Lock()
        # Left to itself, Live would show what the libraries print above the table.
        self._live = Live(
            self,
            console=console,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def close(self) -> None:
        """Leave the table as it is."""
        self._live.stop()

    def __call__(self, event: StepEvent) -> None:
        # Not before the first step: until then a run may fork, which wants no thread beside it.
        if self._console.is_terminal and not self._live.is_started:
            self._live.start()
        with self._lock:
            row = self.rows.setdefault(event.step, Row())
            changed = row.state != event.state
            row.update(event)
            if not self._console.is_terminal:
                self._say(event.step, row, changed)

    def _say(self, step: str, row: Row, changed: bool) -> None:
        """One plain line when a step ends, or when its figure is old enough to repeat."""
        now = time.monotonic()
        if row.state == "planned" or (row.state == "running" and changed and not row.figure):
            return
        if row.state == "running" and now - max(row.said, row.begun) < FIGURE_EVERY_S:
            return
        if row.state != "running" and not changed:
            return
        row.said = now
        mark = MARKS[row.state][0]
        text = f"{mark} {step:<12} {row.state:<8} {row.duration():>8}  {row.figure}"
        self._console.print(Text(text.rstrip()), soft_wrap=True)

    def __rich__(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True)
        with self._lock:
            for name, row in self.rows.items():
                mark, style = MARKS[row.state]
                table.add_row(
                    Text(f"{mark} {name}", style=style),
                    Text(row.state, style=style),
                    row.duration(),
                    Text(row.figure),
                )
        return table


def seconds_in_words(seconds: float) -> str:
    """A duration for people: 0.4 s, 12 s, 5 min 18 s."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


@contextmanager
def watching(log: Path) -> Iterator[None]:
    """Show progress on the terminal's standard error; all other output goes to ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        terminal = stack.enter_context(os.fdopen(os.dup(2), "w", encoding="utf-8"))
        stack.enter_context(_redirected(log))
        console = Console(file=terminal, highlight=False)
        board = Board(console)
        stack.callback(board.close)
        stack.enter_context(progress.listening(board))
        yield


@contextmanager
def _redirected(log: Path) -> Iterator[None]:
    """File descriptors 1 and 2 write to ``log``: also what C++ libraries print."""
    streams: tuple[TextIO, TextIO] = (sys.stdout, sys.stderr)
    saved = [os.dup(number) for number in (1, 2)]
    with log.open("ab") as file:
        # Until the last who writes to it has gone: `kaizen gc` leaves the log alone.
        fcntl.flock(file, fcntl.LOCK_SH)
        for stream, number in zip(streams, (1, 2), strict=True):
            stream.flush()
            os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        for stream, number, old in zip(streams, (1, 2), saved, strict=True):
            stream.flush()
            os.dup2(old, number)
            os.close(old)
