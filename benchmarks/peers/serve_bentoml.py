"""BentoML as its documentation shows it: arrays or base64 in, a dictionary out.

MODEL=model.onnx bentoml serve benchmarks.peers.serve_bentoml:Service
"""

from __future__ import annotations

import base64
from typing import Any

import bentoml

from benchmarks.peers.digits_session import Digits


@bentoml.service(workers=1, traffic={"timeout": 10})
class Service:
    """One ONNX Runtime session with one thread."""

    def __init__(self) -> None:
        self._model = Digits()

    @bentoml.api(route="/predict")
    def predict(self, image: bytes, /) -> dict[str, Any]:
        return self._model(image)

    @bentoml.api(route="/json")
    def predict_json(self, image: str) -> dict[str, Any]:
        return self._model(base64.b64decode(image))
