"""What is known of each step of a run, and which of many are worth a line."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import get_args

from kaizen.core.progress import State, StepEvent

STATES: tuple[State, ...] = ("done", "cached", "skipped", "failed", "running", "planned")
"""In the order in which they are counted for people."""
ENDED: frozenset[State] = frozenset({"done", "cached", "skipped"})


@dataclass
class Row:
    """What is known of one step. ``place`` says when it was first heard of."""

    place: int
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


class Tally:
    """Every step by its state. An event costs the same however many steps there are."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        # Names in the order in which they came to the state; the values say nothing.
        self._in: dict[State, dict[str, None]] = {state: {} for state in get_args(State)}
        self._ended: dict[str, None] = {}

    def take(self, event: StepEvent) -> tuple[Row, bool]:
        """Take in an event: the step's row, and whether its state is another now."""
        name = event.step
        row = self.rows.get(name)
        before = row.state if row else "planned"
        if row is None:
            row = self.rows[name] = Row(len(self.rows))
            self._in["planned"][name] = None
        row.update(event)
        if row.state != before:
            del self._in[before][name]
            self._in[row.state][name] = None
            self._ended.pop(name, None)
            if row.state in ENDED:
                self._ended[name] = None
        return row, row.state != before

    def counts(self) -> Counter[State]:
        """How many steps there are of each state."""
        return Counter({state: len(names) for state, names in self._in.items()})

    def shown(self, lines: int) -> tuple[list[str], Counter[State]]:
        """Steps to show in ``lines`` lines, and how many others there are of each state.

        All where they fit. Else running and failed ones, then those that ended last; one line is
        left for the count. Costs as much as there are lines.
        """
        if len(self.rows) <= lines:
            return list(self.rows), Counter()
        room = max(lines - 1, 0)
        running, failed = self._in["running"], self._in["failed"]
        # Where even these are too many, the newest of both.
        some_running = min(len(running), max(room - len(failed), (room + 1) // 2))
        names = [
            *islice(reversed(running), some_running),
            *islice(reversed(failed), room - some_running),
        ]
        names += islice(reversed(self._ended), room - len(names))
        names.sort(key=lambda name: self.rows[name].place)
        return names, self.counts() - Counter(self.rows[name].state for name in names)

    def unfinished(self) -> list[str]:
        """What failed, and what was never heard of again."""
        names = [*self._in["failed"], *self._in["running"]]
        return sorted(names, key=lambda name: self.rows[name].place)


def in_words(counts: Mapping[State, int]) -> str:
    """143 done, 12 cached, 30 planned."""
    return ", ".join(f"{counts[state]:,} {state}" for state in STATES if counts.get(state))


def seconds_in_words(seconds: float) -> str:
    """A duration for people: 0.4 s, 12 s, 5 min 18 s."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
