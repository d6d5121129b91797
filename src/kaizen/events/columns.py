"""Events as typed columns: what is scanned instead of parsed.

An event of one use case and version always has the same keys, so a column is worth its place: a
scan of one column reads that column. What is no single value (an image, a list of probabilities)
stays in the event's line alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson
import pyarrow as pa

from kaizen.core.usecase import Features
from kaizen.events import replay

PLAIN = pa.schema(
    [
        ("id", pa.string()),
        ("time", pa.float64()),
        ("request", pa.string()),
        ("row", pa.int64()),
        ("probe", pa.bool_()),
        ("trace", pa.string()),
        ("latency_ms", pa.float64()),
        ("confidence", pa.float64()),
    ]
)
"""The columns of every event; after them come ``inputs.NAME`` and ``response.NAME``."""
LONGEST_TEXT = 256
"""Characters of a text that is a value; a longer one (a file in base64) is null in its column."""

Event = Mapping[str, Any]


def name(event: Event) -> str:
    """The event's id; the first ones had none."""
    return str(event.get("id") or f"{event['request']}-{event['row']}")


def table(events: Sequence[Event], features: Features | None = None) -> pa.Table:
    """One row per event, in their order.

    Args:
        events: of any number of versions.
        features: takes rows apart that were sent as bare arrays; without it their inputs are null.
    """
    columns: dict[str, pa.Array] = {
        "id": pa.array([name(event) for event in events], pa.string()),
        "time": pa.array([float(event["time"]) for event in events], pa.float64()),
        "request": pa.array([str(event["request"]) for event in events], pa.string()),
        "row": pa.array([int(event["row"]) for event in events], pa.int64()),
        "probe": pa.array([event.get("probe") is True for event in events], pa.bool_()),
        "trace": _only(events, "trace", str),
        "latency_ms": _only(events, "latency_ms", float),
        "confidence": _only(events, "confidence", float),
    }
    inputs = [_mapping(_mapping(event.get("inputs")).get("values")) for event in events]
    if features is not None:
        inputs = _taken_apart(events, inputs, features)
    responses = [_mapping(event.get("response")) for event in events]
    for prefix, rows in (("inputs", inputs), ("response", responses)):
        for key in dict.fromkeys(chain.from_iterable(rows)):
            column = _column([row.get(key) for row in rows])
            if column is not None:
                columns[f"{prefix}.{key}"] = column
    return pa.table(columns)


def joined(tables: Iterable[pa.Table]) -> pa.Table:
    """Tables one after the other; a column has the type that all its values fit in."""
    tables = list(tables)
    kinds: dict[str, pa.DataType] = {}
    for each in tables:
        for field in each.schema:
            kinds[field.name] = _common(kinds.get(field.name, field.type), field.type)
    schema = pa.schema(list(kinds.items()))
    return pa.concat_tables([_cast(each, schema) for each in tables]) if tables else _none()


def _none() -> pa.Table:
    return PLAIN.empty_table()


def _cast(source: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        source[field.name].cast(field.type)
        if field.name in source.column_names
        else pa.nulls(source.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other:
        return one
    return pa.float64() if {one, other} == {pa.int64(), pa.float64()} else pa.string()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _only(events: Sequence[Event], key: str, kind: type) -> pa.Array:
    """A column that may be null, and is where somebody else wrote something else."""
    accepted = (int, float) if kind is float else (kind,)
    values = [event.get(key) for event in events]
    return pa.array(
        [value if type(value) in accepted else None for value in values],
        pa.float64() if kind is float else pa.string(),
    )


def _taken_apart(
    events: Sequence[Event], inputs: list[Mapping[str, Any]], features: Features
) -> list[Mapping[str, Any]]:
    """``inputs`` with the values of bare arrays filled in, where they are one number a field."""
    bare = [at for at, event in enumerate(events) if "array" in _mapping(event.get("inputs"))]
    if not bare:
        return inputs
    try:
        rows = replay.arrays(features, [events[at] for at in bare])
    except ValueError:  # logged for another kind of model
        return inputs
    values = {
        key: column.tolist() for key, column in features.unpack(rows).items() if column.ndim == 1
    }
    filled = list(inputs)
    for place, at in enumerate(bare):
        filled[at] = {key: column[place] for key, column in values.items()}
    return filled


def _column(values: list[Any]) -> pa.Array | None:
    """``values`` in the narrowest type, None where not one of them is a single value."""
    kinds = set(map(type, values)) - {type(None)}
    if not kinds <= {bool, int, float, str}:
        values = [value if type(value) in {bool, int, float, str} else None for value in values]
        kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return None
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int, float}:
        try:
            return pa.array(values, pa.int64() if kinds == {int} else pa.float64())
        except (OverflowError, pa.ArrowInvalid):
            return pa.array([None if each is None else float(each) for each in values])
    texts = [
        each if each is None or isinstance(each, str) else orjson.dumps(each).decode()
        for each in values
    ]
    texts = [each if each is None or len(each) <= LONGEST_TEXT else None for each in texts]
    return pa.array(texts, pa.string()) if any(each is not None for each in texts) else None
