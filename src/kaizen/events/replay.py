"""Events back as what the model was fed and what it answered.

A service logs a row as its client sent it, so the rows can be decoded again by the code of today,
sent again to another version, or shown to a person.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import ValidationError

from kaizen.core.usecase import Array, ArraySpec, Features, Inputs, InvalidInput, Outputs
from kaizen.events.schema import unpack


def inputs(features: Features, events: Sequence[Mapping[str, Any]]) -> Inputs:
    """The model's inputs for the rows of ``events``: name to an array of n rows, in their order.

    Raises:
        InvalidInput: a row does not fit ``features`` (it was logged for another kind of model).
        ValueError: there are no events.
    """
    if not events:
        raise ValueError("no events to decode")
    bare = [at for at, event in enumerate(events) if "array" in event["inputs"]]
    named = [at for at, event in enumerate(events) if "array" not in event["inputs"]]
    parts = []
    if bare:
        rows = arrays(features, [events[at] for at in bare])
        parts.append(features.decode(features.unpack(rows)))
    if named:
        parts.append(features.decode(_asked(features, [events[at]["inputs"] for at in named])))
    back = np.argsort(np.array([*bare, *named]))
    return {name: np.concatenate([part[name] for part in parts])[back] for name in parts[0]}


def outputs(events: Sequence[Mapping[str, Any]]) -> Outputs:
    """The model's outputs as logged: name to an array of n rows."""
    if not events:
        raise ValueError("no events to decode")
    names = events[0]["outputs"]
    return {name: np.stack([unpack(event["outputs"][name]) for event in events]) for name in names}


def arrays(features: Features, events: Sequence[Mapping[str, Any]]) -> Array:
    """Rows that were sent as bare arrays, shape (n, *features.array.shape)."""
    spec = _spec(features)
    raw = b"".join(b64decode(event["inputs"]["array"]) for event in events)
    return np.frombuffer(raw, np.dtype(spec.dtype).newbyteorder("<")).reshape(-1, *spec.shape)


def columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows of JSON as columns for ``Features.decode``; every row has the same keys."""
    listed = list(rows)
    return {name: [row[name] for row in listed] for name in listed[0]}


def _asked(features: Features, logged: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns the way a service reads them: what is bytes to it is text in the log."""
    rows = []
    for at, each in enumerate(logged):
        try:
            rows.append(features.Request.model_validate(each["values"]))
        except ValidationError as error:
            fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise InvalidInput(".".join(map(str, fault["loc"])), fault["msg"], at) from None
    return {name: [getattr(row, name) for row in rows] for name in features.Request.model_fields}


def as_sent(features: Features, event: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The row of ``event`` to be sent again: ``values`` and its JSON, or ``array`` and its base64.

    None where it cannot be: its inputs were left out of the log, or made unreadable in it.
    """
    logged = event.get("inputs")
    if not isinstance(logged, Mapping) or logged.get("redacted"):
        return None
    if isinstance(values := logged.get("values"), Mapping):
        return None if _is_blanked(features, values) else ("values", dict(values))
    try:
        size = len(b64decode(logged["array"], validate=True))
    except (KeyError, TypeError, ValueError):
        return None
    return ("array", logged["array"]) if size == _spec(features).row_bytes else None


def _is_blanked(features: Features, values: Mapping[str, Any]) -> bool:
    """Whether a value was taken out: what was answered had none where none is allowed."""
    if None not in values.values():
        return False
    try:
        features.Request.model_validate(values)
    except ValidationError:
        return True
    return False


def _spec(features: Features) -> ArraySpec:
    if features.array is None:
        raise ValueError(f"use case {features.name} takes no bare arrays, yet some were logged")
    return features.array
