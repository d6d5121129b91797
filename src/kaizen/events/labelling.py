"""Labels from people and tables: each row is checked, the good ones are written, and counted."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from kaizen.core.errors import UsageError
from kaizen.core.usecase import Features
from kaizen.events import labels
from kaizen.events.joined import answers
from kaizen.events.label import Label, Terms, event_id, line

COLUMNS = ("event", "label")
AT_ONCE = 1000
"""Labels of one write."""


class Row(NamedTuple):
    """A label as somebody gave it.

    Attributes:
        line: where it stands in its file, from 1.
        event, label: as they were found.
        text: whether everything is text there, also numbers.
        wrong: why it cannot be read at all.
    """

    line: int
    event: Any = None
    label: Any = None
    text: bool = False
    wrong: str | None = None


@dataclass
class Outcome:
    """What became of labels.

    Attributes:
        stored: first labels of their events.
        known: nothing new: there already, or followed by another label for the same event.
        corrected: labels that replace another one.
        refused: no labels at all.
        unknown_event: of those taken, how many have an event that is not in the log (yet).
        reasons: line to why it was refused.
    """

    stored: int = 0
    known: int = 0
    corrected: int = 0
    refused: int = 0
    unknown_event: int = 0
    reasons: dict[int, str] = field(default_factory=dict)


def record(features: Features, folder: Path, rows: Iterable[Row], source: str) -> Outcome:
    """Write the labels in ``rows``; those that are known already are not written again.

    Killed in the middle, some are written: the same rows again do the rest.

    Args:
        features: the use case.
        folder: ``Home.events / USECASE``.
        rows: labels as they came.
        source: where they are from.

    Raises:
        KaizenError: labels or events are there that a newer kaizen wrote.
        OSError: they could not be written.
    """
    outcome = Outcome()
    taken = list(_checked(features, rows, source, outcome))
    # Only the last one of each event, or a table that says two things would never be known.
    given = {label.event: label for label in taken}
    answered = answers(features, folder, given)
    outcome.unknown_event = sum(label.event not in answered for label in taken)
    outcome.known = len(taken) - len(given)
    before = labels.read(folder, events=given)
    fresh = []
    for event, label in given.items():
        old = before.get(event)
        if old is None:
            outcome.stored += 1
        elif old.resolved(answered.get(event)).value == label.value:
            outcome.known += 1
            continue
        else:
            outcome.corrected += 1
        fresh.append(label)
    for at in range(0, len(fresh), AT_ONCE):
        labels.append(folder, fresh[at : at + AT_ONCE])
    return outcome


def rows(path: Path) -> Iterator[Row]:
    """The rows of a table of labels: CSV with a header, or JSON lines; by the file's suffix.

    Columns other than :data:`COLUMNS` are passed over.

    Raises:
        UsageError: the file is not there, of another kind, or lacks a column.
    """
    kinds = {".csv": _csv, ".jsonl": _jsonl}
    if path.suffix.lower() not in kinds:
        raise UsageError(f"{path}: expected a file of labels named .csv or .jsonl")
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    return kinds[path.suffix.lower()](path)


def _checked(
    features: Features, found: Iterable[Row], source: str, outcome: Outcome
) -> Iterator[Label]:
    terms = Terms(features)
    now = time.time()
    for row in found:
        try:
            if row.wrong:
                raise ValueError(row.wrong)
            label = Label(event_id(row.event), terms.value(row.label, text=row.text), now, source)
            line(label)
        except ValueError as error:
            outcome.refused += 1
            outcome.reasons[row.line] = str(error)
        else:
            yield label


def _csv(path: Path) -> Iterator[Row]:
    # What is not UTF-8 must not end the whole table: it is no id, and no label either.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = [name.strip() for name in next(reader, [])]
        if missing := [name for name in COLUMNS if name not in header]:
            there = ", ".join(header) or "none"
            raise UsageError(f"{path}: no column {missing[0]!r}; its first line has {there}")
        event, label = (header.index(name) for name in COLUMNS)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(reader.line_num, wrong=str(error))
                continue
            if len(cells) == len(header):
                yield Row(reader.line_num, cells[event].strip(), cells[label].strip(), text=True)
            elif cells:
                wrong = f"has {len(cells)} cells, the first line has {len(header)}"
                yield Row(reader.line_num, wrong=wrong)


def _jsonl(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
        for number, content in enumerate(file, 1):
            if not content.strip():
                continue
            try:
                found = json.loads(content)
            except (ValueError, RecursionError) as error:
                yield Row(number, wrong=f"is not JSON: {error}")
                continue
            missing = [name for name in COLUMNS if not isinstance(found, dict) or name not in found]
            if missing:
                yield Row(number, wrong=f"expected an object with {missing[0]!r}")
            else:
                yield Row(number, found["event"], found["label"])
