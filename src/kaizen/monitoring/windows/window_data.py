"""The data of a window: its events, read again from the log. No model is asked."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.core.results import Record
from kaizen.core.usecase import Array, Features, Inputs
from kaizen.events import index, labels
from kaizen.events.index import Head, Key
from kaizen.events.read import listed
from kaizen.monitoring.performance import outcomes
from kaizen.monitoring.windows.decoded import Decoded, decoded
from kaizen.monitoring.windows.progress import BEGIN, digest
from kaizen.monitoring.windows.window import Window
from kaizen.monitoring.windows.windowing import TRIES

MOST = 20_000
"""Rows that are decoded of a window."""


class Reading(Record):
    """How a window was read.

    Attributes:
        rows: rows that were read.
        hidden: columns that redaction took out, of which nothing is known.
        undecoded: events that could not be read, and the reason of the first.
        note: all that is special, in words.
    """

    rows: int
    hidden: tuple[str, ...] = ()
    undecoded: int = 0
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class WindowData:
    """The data of a window: its n events, or a sample of n, in their order.

    Attributes:
        window: which.
        events: as logged, those that could be decoded.
        inputs: what the model was fed; None where fields of it were redacted.
        table: the use case's observations, n rows, without those that redacted fields decide.
        probabilities: (n, classes), None where the model states none.
        answers: (n,).
        labels: the label that counts now for each event, None where there is none.
        redacted: fields whose values were taken out before they were logged.
        hidden: columns of ``table`` that are missing for that reason.
        undecoded: id of an event that the use case cannot read to the reason; they are in nothing
            else here.
        sampled: the size of the sample, None where all rows were read.
        note: all that is special, in words; empty where nothing is.
    """

    window: Window
    events: Sequence[dict[str, Any]]
    inputs: Inputs | None
    table: pd.DataFrame
    probabilities: Array | None
    answers: Array
    labels: Sequence[Any | None]
    redacted: tuple[str, ...]
    hidden: tuple[str, ...]
    undecoded: dict[str, str]
    sampled: int | None
    note: str

    @property
    def outcomes(self) -> pd.DataFrame:
        """Answers and labels, as the table of ``kaizen/monitoring/performance/outcomes.py``."""
        return outcomes.table(self.events, self.answers, self.labels, self.probabilities)

    @property
    def reading(self) -> Reading:
        """How the window was read."""
        return Reading(
            rows=len(self.events),
            hidden=self.hidden,
            undecoded=len(self.undecoded),
            reason=next(iter(self.undecoded.values()), ""),
            note=self.note,
        )


def load_window(
    features: Features, folder: Path, window: Window, *, most: int = MOST, seed: int = 0
) -> WindowData:
    """Read the events of ``window``.

    Args:
        features: the use case.
        folder: ``Home.events / USECASE``.
        window: as :func:`~kaizen.monitoring.windows.windowing.next_window` made it.
        most: rows to read; of more, a sample of so many.
        seed: of the sample; the same window and seed give the same rows.

    Raises:
        KaizenError: events of the window are not there any more, or none can be decoded.
    """
    for left in reversed(range(TRIES)):
        try:
            members = _members(folder, window)
            sampled = most if len(members) > most else None
            if sampled:
                members = sorted(random.Random(seed).sample(members, most))  # noqa: S311
            found = index.events(*listed(folder), members)
            break
        except FileNotFoundError:  # compacted, or removed, since it was listed
            if not left:
                raise
    lost = {head.id: "its line is damaged" for head in members if head.key not in found}
    kept = [head for head in members if head.key in found]
    made = decoded(features, {head.id: found[head.key] for head in kept})
    undecoded = lost | made.undecoded
    if made.table is None or made.answers is None:
        raise KaizenError(
            f"none of the {len(members)} events of window {window.name} of {window.usecase} can be "
            f"decoded: {next(iter(undecoded.values()))}; were they logged for another kind of "
            "model?"
        )
    truths = labels.read(folder, events=set(made.events))
    answers = ((name, event["response"]) for name, event in made.events.items())
    return WindowData(
        window=window,
        events=list(made.events.values()),
        inputs=made.inputs,
        table=made.table,
        probabilities=made.probabilities,
        answers=made.answers,
        labels=[
            truths[name].resolved(answer.get(features.label)).value if name in truths else None
            for name, answer in answers
        ],
        redacted=made.redacted,
        hidden=made.hidden,
        undecoded=undecoded,
        sampled=sampled,
        note=_note(window, made, undecoded, sampled),
    )


def ids(folder: Path, window: Window) -> list[str]:
    """The ids of the events of ``window``, without reading more of them.

    Raises:
        KaizenError: events of the window are not there any more.
    """
    for left in reversed(range(TRIES)):
        try:
            return [head.id for head in _members(folder, window)]
        except FileNotFoundError:  # compacted, or removed, since it was listed
            if not left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _members(folder: Path, window: Window) -> list[Head]:
    """The events of ``window``, by its digest, in their order.

    Raises:
        KaizenError: some are not there any more.
    """
    found = _candidates(folder, window)
    if digest(head.id for head in found.values()) != window.digest and window.late:
        # A copy of what was judged before, in another file, is like a late one.
        copies = {head.key for head in _others(folder, window, found)}
        found = {key: head for key, head in found.items() if key not in copies}
    if digest(head.id for head in found.values()) == window.digest:
        return sorted(found.values())
    here = f"{len(found)} of the {window.rows} events of window {window.name} of {window.usecase}"
    if len(found) < window.rows:
        raise KaizenError(
            f"only {here} are still there: retention has removed the others; to look at windows "
            "for longer, raise events.keep_days and events.max_bytes"
        )
    raise KaizenError(f"{here} were found, and they are not those it was made of: {folder} changed")


def _candidates(folder: Path, window: Window) -> dict[Key, Head]:
    """What lies where the window's events lay."""
    after, last = window.after or BEGIN, window.last or BEGIN
    paths, parts = listed(folder)
    looked: list[Head] = []
    for path in paths:
        if span := window.spans.get(index.stem(path)):
            looked += index.spooled(path, window.version, span.start, span.end).heads
    for part in parts:
        span = window.spans.get(part.stem)
        if span and part.may_hold(since=window.since, until=window.until, version=window.version):
            for group in index.groups(part):
                if group.last >= window.since and group.first < window.until:
                    looked += group.heads()
    found: dict[Key, Head] = {}
    for head in sorted(looked, reverse=True):
        span = window.spans[head.stem]
        fresh = after < head.key <= last
        late = head.key <= after and head.at >= span.late
        if head.at < span.end and (fresh or late):
            found[head.key] = head
    return found


def _others(folder: Path, window: Window, found: dict[Key, Head]) -> list[Head]:
    """Copies of the late ones among ``found`` that lie elsewhere."""
    late = {key for key in found if key <= (window.after or BEGIN)}
    paths, parts = listed(folder)
    looked: list[Head] = []
    for path in paths:
        looked += index.spooled(path, window.version).heads
    for part in parts:
        if part.may_hold(since=window.since, until=window.until, version=window.version):
            for group in index.groups(part):
                if group.last >= window.since and group.first < window.until:
                    looked += group.heads()
    return [
        head
        for head in looked
        if head.key in late and (head.stem, head.at) != (found[head.key].stem, found[head.key].at)
    ]


def _note(window: Window, made: Decoded, undecoded: dict[str, str], sampled: int | None) -> str:
    notes = []
    if window.partial:
        notes.append(f"{window.rows} rows of a window that is not full yet")
    if sampled:
        notes.append(f"a sample of {sampled} of {window.rows} rows")
    if window.late:
        notes.append(f"{window.late} rows came after their own window was closed")
    if made.redacted:
        without = f", so without {', '.join(made.hidden)}" if made.hidden else ""
        notes.append(f"{', '.join(made.redacted)} redacted{without}")
    if undecoded:
        name, reason = next(iter(undecoded.items()))
        notes.append(f"{len(undecoded)} rows cannot be decoded, the first {name}: {reason}")
    return "; ".join(notes)
