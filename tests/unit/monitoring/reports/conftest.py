from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kaizen.events.schema import SCHEMA, Event, event_id, new_id, pack

Pictured = Callable[..., Event]


@pytest.fixture
def pictured() -> Pictured:
    """The event of one digit, as its service writes it."""

    def event(
        picture: np.ndarray | None = None,
        *,
        digit: int = 7,
        sure: float = 0.97,
        at: float = 1_769_824_800.0,
        embedding: np.ndarray | None = None,
        **over: Any,
    ) -> Event:
        request = new_id()
        if picture is None:
            picture = np.full((28, 28), digit, np.uint8)
        probabilities = np.full((1, 10), (1 - sure) / 9, np.float32)
        probabilities[0, digit] = sure
        vector = np.zeros((1, 4), np.float32) if embedding is None else embedding[None]
        return {
            "schema": SCHEMA,
            "id": event_id(request, 0),
            "time": at,
            "usecase": "digits",
            "version": "3",
            "request": request,
            "row": 0,
            "trace": None,
            "latency_ms": 1.5,
            "inputs": {"array": base64.b64encode(picture.tobytes()).decode()},
            "outputs": {
                "probabilities": pack(probabilities)[0],
                "embedding": pack(vector.astype(np.float32))[0],
            },
            "response": {"digit": digit, "confidence": sure},
            "confidence": sure,
            **over,
        }

    return event
