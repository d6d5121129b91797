"""From a model's outputs to the client's JSON and the events of the same rows."""

from __future__ import annotations

import time
from typing import Any

import orjson
from starlette.datastructures import Headers

from events.schema import SCHEMA, Event, event_id, line, new_id, pack
from kaizen.usecase import Outputs
from serving.model import Model
from serving.parser import Batch

PROBE = "x-kaizen-probe"
"""Header of a question kaizen asks itself; its events do not count as a client's."""
_LONGEST_TRACE = 128


def answer(
    model: Model, batch: Batch, outputs: Outputs, headers: Headers, began: float
) -> tuple[bytes, list[bytes]]:
    """The body of the response and one event line per row.

    Args:
        model: what answered.
        batch: the n rows asked.
        outputs: the model's outputs for them.
        headers: the request's, for the caller's own id.
        began: ``time.perf_counter()`` at the arrival of the request.
    """
    request = new_id()
    responses = [response.model_dump(mode="json") for response in model.features.respond(outputs)]
    packed = {name: pack(values) for name, values in outputs.items()}
    trace = headers.get("traceparent") or headers.get("x-request-id")
    now = time.time()
    latency = round((time.perf_counter() - began) * 1000, 3)
    lines = []
    for row, response in enumerate(responses):
        event: Event = {
            "schema": SCHEMA,
            "id": event_id(request, row),
            "time": now,
            "usecase": model.usecase,
            "version": model.version,
            "request": request,
            "row": row,
            "trace": trace[:_LONGEST_TRACE] if trace else None,
            "latency_ms": latency,
            "inputs": batch.logged[row],
            "outputs": {name: rows[row] for name, rows in packed.items()},
            "response": response,
            "confidence": response.get("confidence"),
        }
        if PROBE in headers:
            event = {"probe": True, **event}
        lines.append(line(event))
    body: dict[str, Any] = {
        "model_version": model.version,
        "request_id": request,
        "predictions": [
            {"id": event_id(request, row), **response} for row, response in enumerate(responses)
        ],
    }
    return orjson.dumps(body), lines
