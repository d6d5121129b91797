from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kaizen.events.schema import SCHEMA, Event, event_id, new_id, pack

Make = Callable[..., list[Event]]


@pytest.fixture
def make() -> Make:
    """Events of one request of ``rows`` rows."""

    def events(rows: int = 1, *, at: float | None = None, **over: Any) -> list[Event]:
        request = new_id()
        outputs = pack(np.arange(rows * 2, dtype=np.float32).reshape(rows, 2))
        return [
            {
                "schema": SCHEMA,
                "id": event_id(request, row),
                "time": time.time() if at is None else at,
                "usecase": "digits",
                "version": "3",
                "request": request,
                "row": row,
                "trace": None,
                "latency_ms": 1.5,
                "inputs": {"values": {"x": row}},
                "outputs": {"p": outputs[row]},
                "response": {"digit": row % 10},
                "confidence": 0.5,
                **over,
            }
            for row in range(rows)
        ]

    return events
