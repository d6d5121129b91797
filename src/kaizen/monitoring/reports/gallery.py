"""The newest predictions and the flagged ones, to be looked at: gathered here, drawn elsewhere."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from kaizen.core.results import Record
from kaizen.core.usecase import Array, Features
from kaizen.data.folders import publish
from kaizen.events import replay
from kaizen.events.joined import Labelled
from kaizen.monitoring.observation import CONFIDENCE, observe_frame
from kaizen.monitoring.reports.flags import Flag, Rules, RulesOf, differs

GALLERIES, PAGE, TWIN = "galleries", "gallery.html", "gallery.json"
"""In ``Home.monitoring``, by use case and moment."""

KEEP = 20
"""Galleries kept of a use case, the newest."""

ABANDONED_S = 3600.0
"""After so long a folder that was never finished is a killed writer's."""


class Entry(Record):
    """One prediction as the log has it, and its flags.

    Attributes:
        id, time, version, confidence: of the event.
        response: the answer as the client got it.
        inputs: the row as it was logged: ``values`` or ``array``, and what was ``redacted``.
        labelled: whether a label came; ``label`` is what it says.
        flags: the rules it broke; empty of most.
        note: why not every rule could be asked, "" where each was.
    """

    id: str
    time: float
    version: str
    confidence: float | None
    response: dict[str, Any]
    inputs: dict[str, Any]
    labelled: bool
    label: Any = None
    flags: tuple[Flag, ...] = ()
    note: str = ""


class Gallery(Record):
    """What was looked at.

    Attributes:
        usecase: whose.
        at: when, seconds since the epoch.
        looked: the newest so many predictions were held to the rules.
        newest: the newest so many are shown whatever they are.
        entries: these and the flagged ones, newest first, each once.
    """

    usecase: str
    at: float
    looked: int
    newest: int
    entries: tuple[Entry, ...]

    @property
    def flagged(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.flags)


def gather(
    features: Features, rows: Sequence[Labelled], rules: RulesOf, *, newest: int, at: float
) -> Gallery:
    """Hold each of ``rows`` to the rules of its version.

    Args:
        rows: the newest predictions, newest last, as ``kaizen.events.joined.joined`` gives them.
        rules: what a version's rules are.
        newest: how many are shown without a flag.
        at: now, seconds since the epoch.
    """
    flags: dict[str, list[Flag]] = {}
    notes: dict[str, str] = {}
    by_version: dict[str, list[Labelled]] = defaultdict(list)
    for row in rows:
        by_version[row.event["version"]].append(row)
    for version, of_version in by_version.items():
        known = rules(version)
        for event, label in of_version:
            flag = label and _contradiction(features, known, event, label.value)
            flags[_id(event)] = [flag] if flag else []
            if known is None:
                notes[_id(event)] = f"v{version} has no drift profile: only its label was looked at"
        if known is not None:
            _judge(features, known, [row.event for row in of_version], flags, notes)
    entries = [_entry(row, flags[_id(row.event)], notes.get(_id(row.event), "")) for row in rows]
    first = max(len(entries) - newest, 0)
    shown = [entry for place, entry in enumerate(entries) if entry.flags or place >= first]
    return Gallery(
        usecase=features.name,
        at=at,
        looked=len(entries),
        newest=len(entries) - first,
        entries=tuple(reversed(shown)),
    )


def pixels(features: Features, inputs: Mapping[str, Any]) -> Array | None:
    """A row that is a picture, uint8 (height, width) as it was logged; None where it is none.

    Rows of a use case are pictures where ``features.array`` is a matrix of bytes.
    """
    spec = features.array
    if spec is None or spec.dtype != "uint8" or len(spec.shape) != 2 or inputs.get("redacted"):
        return None
    try:
        (found,) = replay.inputs(features, [{"inputs": inputs}]).values()
        return np.asarray(found, dtype=np.uint8).reshape(spec.shape)
    except (ValueError, KeyError, TypeError):
        return None


def keep(folder: Path, found: Gallery, page: str) -> Path:
    """Keep a gallery's page and its JSON twin, both or none; the oldest ones go.

    Args:
        folder: ``Home.monitoring``.

    Returns:
        the page.
    """
    of_usecase = folder / GALLERIES / found.usecase
    target = of_usecase / datetime.fromtimestamp(found.at, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    publish(target, partial(_fill, page, twin(found)))
    prune(of_usecase)
    return target / PAGE


def twin(found: Gallery) -> bytes:
    """The gallery as JSON: what the page shows, for programs."""
    return orjson.dumps(found.model_dump(mode="json"), option=orjson.OPT_INDENT_2)


def prune(of_usecase: Path, keep: int = KEEP) -> None:
    """Remove the oldest galleries beyond ``keep``, and what killed writers have left."""
    folders = sorted(of_usecase.iterdir(), reverse=True)
    gone = [path for path in folders if not path.name.startswith(".")][keep:]
    for path in folders:
        with suppress(FileNotFoundError):
            old = path.stat().st_mtime < time.time() - ABANDONED_S
            if path.name.startswith(".") and old:
                gone.append(path)
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)


def _fill(page: str, content: bytes, folder: Path) -> None:
    (folder / TWIN).write_bytes(content)
    (folder / PAGE).write_text(page, encoding="utf-8")


def _entry(row: Labelled, flags: Iterable[Flag], note: str) -> Entry:
    event, label = row
    return Entry(
        id=_id(event),
        time=event["time"],
        version=event["version"],
        confidence=event.get("confidence"),
        response=event["response"],
        inputs=event["inputs"],
        labelled=label is not None,
        label=label.value if label else None,
        flags=tuple(flags),
        note=note,
    )


def _contradiction(
    features: Features, known: Rules | None, event: Mapping[str, Any], label: Any
) -> Flag | None:
    answer = event["response"].get(features.label)
    if known is not None:
        return known.contradicts(features.answers[0], answer, label)
    # How far a number may be off, only a reference could say.
    return None if isinstance(label, float) else differs(answer, label)


def _judge(
    features: Features,
    known: Rules,
    events: Sequence[Mapping[str, Any]],
    flags: dict[str, list[Flag]],
    notes: dict[str, str],
) -> None:
    whole = [event for event in events if replay.as_sent(features, event)]
    rows = _observed(features, whole)
    if rows is None:  # one spoils all: each by itself
        several = [(event, _observed(features, [event])) for event in whole]
        whole = [event for event, row in several if row is not None]
        read = [row for _, row in several if row is not None]
        rows = pd.concat(read, ignore_index=True) if read else None
    if rows is not None:
        for event, found in zip(whole, known.flags(rows), strict=True):
            flags[_id(event)] += found
    seen = {_id(event) for event in whole}
    for events_alike in _alike(event for event in events if _id(event) not in seen):
        logged = pd.DataFrame([_logged(event) for event in events_alike])
        for event, found in zip(events_alike, known.flags(logged), strict=True):
            flags[_id(event)] += found
            notes[_id(event)] = "its inputs are not whole in the log: judged by what is there"


def _observed(features: Features, events: Sequence[Mapping[str, Any]]) -> pd.DataFrame | None:
    """What monitoring sees of the events, None where a row cannot be read again."""
    if not events:
        return None
    try:
        return observe_frame(
            features.observe(replay.inputs(features, events), replay.outputs(events))
        )
    except (ValueError, KeyError, TypeError):
        return None


def _logged(event: Mapping[str, Any]) -> dict[str, Any]:
    """What is there of a row that cannot be read again: single values, and the confidence."""
    inputs = event.get("inputs") or {}
    redacted = inputs.get("redacted", ())
    values = {
        name: value
        for name, value in (inputs.get("values") or {}).items()
        if name not in redacted and not isinstance(value, list | dict)
    }
    return {**values, CONFIDENCE: event.get("confidence")}


def _alike(events: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Events by the names of what is there of them."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for event in events:
        groups[tuple(_logged(event))].append(event)
    return list(groups.values())


def _id(event: Mapping[str, Any]) -> str:
    return f"{event['request']}-{event['row']}"
