"""Decodes logged events to arrays and to the table of observations; sets aside unreadable ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args, get_origin

import numpy as np
import pandas as pd
from pydantic import ValidationError

from kaizen.core.usecase import Array, Features, Inputs, Outputs
from kaizen.events import replay
from kaizen.monitoring.observation import CONFIDENCE, EMBEDDING, observe_frame

Event = dict[str, Any]
_UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError)
"""What a use case raises on events that were logged for another kind of model."""


@dataclass(frozen=True)
class Decoded:
    """Decoded events, n of them; table and answers are None where n is 0."""

    events: dict[str, Event]
    inputs: Inputs | None
    table: pd.DataFrame | None
    probabilities: Array | None
    answers: Array | None
    redacted: tuple[str, ...]
    hidden: tuple[str, ...]
    undecoded: dict[str, str]


class _Look(NamedTuple):
    """Events as arrays, and the table of their observations."""

    inputs: Inputs
    outputs: Outputs
    table: pd.DataFrame
    answers: Array
    probabilities: Array | None

    @property
    def form(self) -> str:
        """Name and shape of the arrays of one row."""
        arrays = [*sorted(self.inputs.items()), *sorted(self.outputs.items())]
        return ", ".join(f"{name} {list(array.shape[1:])}" for name, array in arrays)


def decoded(features: Features, events: Mapping[str, Event]) -> Decoded:
    """Decode ``events`` (by id)."""
    redacted = _redacted(events.values())
    try:
        readable, undecoded = dict(events), dict[str, str]()
        look = _look(features, list(events.values()), redacted)
    except _UNREADABLE:
        readable, undecoded = _readable(features, events, redacted)
        if not readable:
            return Decoded({}, None, None, None, None, redacted, (), undecoded)
        look = _look(features, list(readable.values()), redacted)
    hidden = _hidden(features, list(readable.values()), redacted, look) if redacted else ()
    return Decoded(
        events=readable,
        inputs=None if redacted else look.inputs,
        table=look.table.drop(columns=list(hidden)),
        probabilities=look.probabilities,
        answers=look.answers,
        redacted=redacted,
        hidden=hidden,
        undecoded=undecoded,
    )


def _look(
    features: Features, events: list[Event], redacted: Sequence[str], *, other: bool = False
) -> _Look:
    """``events`` with something valid in redacted fields, something else if ``other``.

    Raises:
        ValueError, KeyError, TypeError, IndexError, AttributeError: they cannot be decoded.
    """
    outputs = replay.outputs(events)
    inputs = replay.inputs(features, _filled(features, events, redacted, other=other))
    table = observe_frame(features.observe(inputs, outputs))
    look = _Look(inputs, outputs, table, features.answer(outputs), features.probabilities(outputs))
    if not len(table) == len(look.answers) == len(events):
        raise ValueError("has another number of rows")
    for event in events:
        event["response"].get(features.label)
    return look


def _redacted(events: Iterable[Event]) -> tuple[str, ...]:
    """Every field that was taken out of one of them."""
    names: dict[str, None] = {}
    for event in events:
        found = event.get("inputs")
        if isinstance(found, dict):
            names |= dict.fromkeys(found.get("redacted") or ())
    return tuple(names)


def _readable(
    features: Features, events: Mapping[str, Event], redacted: Sequence[str]
) -> tuple[dict[str, Event], dict[str, str]]:
    """The events that can be decoded together, and why the others cannot."""
    forms, reasons = {}, {}
    for name, event in events.items():
        try:
            forms[name] = _look(features, [event], redacted).form
        except _UNREADABLE as error:
            text = str(error) if isinstance(error, ValueError) else f"has no {error}"
            field = getattr(error, "field", "")
            reasons[name] = f"{field} {text}".strip()[:200]
    if not forms:
        return {}, reasons
    ((usual, _),) = Counter(forms.values()).most_common(1)
    for name, form in forms.items():
        if form != usual:
            reasons[name] = f"its arrays are {form}, those of most are {usual}"[:200]
    return {name: events[name] for name in forms if forms[name] == usual}, reasons


def _filled(
    features: Features, events: list[Event], redacted: Sequence[str], *, other: bool
) -> list[Event]:
    """``events`` with something valid where a field was taken out; something else if ``other``."""
    if not redacted:
        return events
    spare = _spare(features)
    for name in redacted:
        if other:
            spare[name] = _other(features, name, spare.get(name))
    filled = []
    for event in events:
        values = event["inputs"].get("values")
        if values is None:
            columns = features.unpack(replay.arrays(features, [event])).items()
            values = features.request({name: column[0] for name, column in columns})
        values = {**values, **{name: spare.get(name) for name in redacted}}
        filled.append({**event, "inputs": {"values": values}})
    return filled


def _other(features: Features, name: str, value: Any) -> Any:
    """Another valid value of a field than ``value``; the same where none is known."""
    example = features.examples[0]
    known = [each[name] for each in features.examples if name in each]
    annotation = features.Request.model_fields[name].annotation
    for kind in (annotation, *get_args(annotation)):
        known += get_args(kind) if get_origin(kind) is Literal else []
    known += [value + 1, value - 1] if type(value) in {int, float} else [1.0, "other"]
    for found in known:
        if found != value and isinstance(found, str | int | float):
            try:
                features.Request.model_validate({**example, name: found})
            except ValidationError:
                continue
            return found
    return value


def _hidden(
    features: Features, events: list[Event], redacted: Sequence[str], look: _Look
) -> tuple[str, ...]:
    """The columns that the redacted fields decide: what changes with them cannot be known.

    A column of a field's name is one of them. A field for which no other value is known may decide
    any column that is not the model's own answer.
    """
    table = look.table
    spare = _spare(features)
    if any(_other(features, name, spare.get(name)) == spare.get(name) for name in redacted):
        own = {*features.answers, EMBEDDING, CONFIDENCE}
        return tuple(name for name in table.columns if name not in own)
    again = _look(features, events, redacted, other=True).table
    return tuple(
        name
        for name in table.columns
        if name in redacted
        or not np.array_equal(np.array(table[name].tolist()), np.array(again[name].tolist()))
    )


def _spare(features: Features) -> dict[str, Any]:
    """A valid row as it is logged."""
    return features.Request.model_validate(features.examples[0]).model_dump(mode="json")
