"""The steps of a run as people see them: a table that stays in its window, or plain lines."""

from __future__ import annotations

import os
import threading
import time

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kaizen.cli.tally import Row, Tally, in_words
from kaizen.core.progress import State, StepEvent

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
REFRESH_PER_S = 8


class Screen(Console):
    """A console as large as the terminal behind its own file.

    Rich asks the standard streams; during a run they are the log.
    """

    @property  # type: ignore[misc]  # rich's own can be set, which nobody does here
    def size(self) -> ConsoleDimensions:
        found = super().size
        try:
            own = os.get_terminal_size(self.file.fileno())
        except (OSError, ValueError):
            return found
        return ConsoleDimensions(
            _asked_for("COLUMNS") or own.columns or found.width,
            _asked_for("LINES") or own.lines or found.height,
        )


def _asked_for(name: str) -> int:
    """A size that the user has set; 0 where there is none."""
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else 0


class Board:
    """Collects events from any thread and shows them."""

    def __init__(self, console: Console) -> None:
        self._tally = Tally()
        self._console = console
        self._lock = threading.Lock()
        self._switch = threading.Lock()
        self._closed = False
        # Left to itself, Live would show what the libraries print above the table.
        self._live = Live(
            self,
            console=console,
            refresh_per_second=REFRESH_PER_S,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def close(self) -> None:
        """Leave the end of it on the terminal. Safe to repeat; later events show nothing."""
        with self._switch:
            self._closed = True
            self._live.stop()

    def __call__(self, event: StepEvent) -> None:
        # Not before the first step: until then a run may fork, which wants no thread beside it.
        if self._console.is_terminal and not self._live.is_started:
            self._start()
        with self._lock:
            row, changed = self._tally.take(event)
            if not self._console.is_terminal and not self._closed:
                self._say(event.step, row, changed)

    def _start(self) -> None:
        with self._switch:
            # A step that nobody waits for may still report when all is over.
            if not self._closed:
                self._live.start()

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

    def __rich__(self) -> Group:
        # A line below stays free: a table as tall as its window makes some terminals scroll.
        lines = self._console.size.height - 1
        with self._lock:
            if not self._closed:
                names, others = self._tally.shown(lines)
                rest = f"· {in_words(others)}" if others else ""
            elif len(self._tally.rows) <= lines:
                names, rest = list(self._tally.rows), ""
            else:
                names = self._tally.unfinished()
                rest = f"{len(self._tally.rows):,} steps: {in_words(self._tally.counts())}"
            table = self._table(names)
        parts: list[RenderableType] = [table] if names else []
        if rest:
            parts.append(Text(rest, style="dim", no_wrap=True, overflow="ellipsis"))
        return Group(*parts)

    def _table(self, names: list[str]) -> Table:
        """A line for each of these steps."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True)
        for name in names:
            row = self._tally.rows[name]
            mark, style = MARKS[row.state]
            table.add_row(
                Text(f"{mark} {name}", style=style),
                Text(row.state, style=style),
                row.duration(),
                Text(" ".join(row.figure.split())),
            )
        return table
