"""What a prediction event is, and how it is written on one line."""

from __future__ import annotations

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import numpy as np
import orjson

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import Array

SCHEMA = 1
"""The form that is written. Events without a number are of form 0, which is read as well."""
PROBE_PREFIX = b'{"probe":true'
"""How the line of a probe begins; ``probe`` is an event's first key so that lines can be counted
without being parsed."""


class PackedArray(TypedDict):
    """An array in JSON: numpy's name of its little-endian type, its shape, its bytes in base64."""

    dtype: str
    shape: list[int]
    data: str


class Inputs(TypedDict, total=False):
    """One row as the client sent it: exactly one of the first two keys.

    Attributes:
        array: base64 of the row's bytes, laid out as the use case's ``features.array`` says.
        values: the row's JSON.
        redacted: the fields whose values were taken out; only where there are any.
    """

    array: str
    values: dict[str, Any]
    redacted: list[str]


class Event(TypedDict):
    """One predicted row.

    Attributes:
        probe: only on a question kaizen asked itself (golden set); never a client's.
        schema: the form of the event (:data:`SCHEMA`); absent in the oldest ones.
        id: unique; the request's id and the row's position, so ids sort by time.
        time: seconds since the epoch (UTC) at which the answer was ready.
        usecase, version: which model answered.
        request: id shared by the rows of one request.
        row: position in the request, from 0.
        trace: the caller's own id (``traceparent`` or ``x-request-id``), None without one.
        latency_ms: from the arrival of the request to its answer, the same for all its rows.
        inputs: the row as it was sent.
        outputs: the model's outputs for this row, by name.
        response: the answer as the client got it.
        confidence: the answer's confidence where the use case states one.
    """

    probe: NotRequired[bool]
    schema: NotRequired[int]
    id: str
    time: float
    usecase: str
    version: str
    request: str
    row: int
    trace: str | None
    latency_ms: float
    inputs: Inputs
    outputs: dict[str, PackedArray]
    response: dict[str, Any]
    confidence: float | None


def new_id() -> str:
    """A UUID of version 7 in hex: sorts by time, unique without coordination."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds << 80) | noise
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return f"{value:032x}"


def event_id(request: str, row: int) -> str:
    """The id of the event of row ``row`` of a request."""
    return f"{request}-{row}"


def pack(rows: Array) -> list[PackedArray]:
    """Each of n rows (n, ...) as JSON. Text, which models answer as objects, gets one width."""
    rows = rows.astype(str) if rows.dtype == np.object_ else rows
    little = np.ascontiguousarray(rows, rows.dtype.newbyteorder("<"))
    dtype, shape = little.dtype.str, list(rows.shape[1:])
    raw, size = little.tobytes(), little.nbytes // len(rows)
    return [
        {"dtype": dtype, "shape": shape, "data": b64encode(raw[at : at + size]).decode()}
        for at in range(0, len(raw), size)
    ]


def unpack(packed: Mapping[str, Any]) -> Array:
    """One row as :func:`pack` was given it."""
    flat = np.frombuffer(b64decode(packed["data"]), packed["dtype"])
    return flat.reshape(packed["shape"])


def check_schema(event: Mapping[str, Any]) -> None:
    """Refuse an event of a form that this code does not know.

    Raises:
        KaizenError: its schema is newer than :data:`SCHEMA`, or is no number.
    """
    found = event.get("schema", 0)
    if type(found) is not int or not 0 <= found <= SCHEMA:
        raise KaizenError(
            f"event {event.get('id')!r} has schema {found!r}: expected 0 to {SCHEMA}; a newer "
            "kaizen wrote it, so read it with that one"
        )


def line(event: Event) -> bytes:
    """``event`` as one line of JSON, its newline included."""
    return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
