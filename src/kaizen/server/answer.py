"""From a model's outputs to the client's JSON and the events of the same rows."""

from __future__ import annotations

import time
from typing import Any

import orjson

from kaizen.core.usecase import Outputs
from kaizen.events.schema import SCHEMA, Event, event_id, line, pack
from kaizen.inference.parser import Batch
from kaizen.server.identity import Identity
from kaizen.server.model import Model


def answer(
    model: Model, batch: Batch, outputs: Outputs, who: Identity, began: float, *, probe: bool
) -> tuple[bytes, list[bytes]]:
    """The body of the response and one event line per row.

    Args:
        model: what answered.
        batch: the n rows asked.
        outputs: the model's outputs for them.
        who: the request's names.
        began: ``time.perf_counter()`` at the arrival of the request.
        probe: whether kaizen asks itself.
    """
    request = who.own
    answers = model.features.respond(outputs) if batch.size else []
    about = batch.about or [{}] * len(answers)
    responses = [
        answered.model_dump(mode="json") | more
        for answered, more in zip(answers, about, strict=True)
    ]
    packed = {name: pack(values) for name, values in outputs.items()}
    trace = who.trace
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
            "trace": trace,
            "latency_ms": latency,
            "inputs": batch.logged[row],
            "outputs": {name: rows[row] for name, rows in packed.items()},
            "response": response,
            "confidence": response.get("confidence"),
        }
        if probe:
            event = {"probe": True, **event}
        lines.append(line(event))
    body: dict[str, Any] = {
        "model_version": model.version,
        "request_id": who.shown,
        "predictions": [
            {"id": event_id(request, row), **response} for row, response in enumerate(responses)
        ],
    }
    return orjson.dumps(body), lines
