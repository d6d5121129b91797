"""BentoML as its documentation shows it: arrays or base64 in, a dictionary out.

MODEL=model.onnx bentoml serve benchmarks.peers.serve_bentoml:Digits
"""

from __future__ import annotations

import base64
import os
from typing import Any

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1, traffic={"timeout": 10})
class Digits:
    """One ONNX Runtime session with one thread."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
        self._input = self._session.get_inputs()[0].name

    @bentoml.api(route="/predict")
    def predict(self, image: bytes, /) -> dict[str, Any]:
        return self._answer(image)

    @bentoml.api(route="/json")
    def predict_json(self, image: str) -> dict[str, Any]:
        return self._answer(base64.b64decode(image))

    def _answer(self, pixels: bytes) -> dict[str, Any]:
        rows = np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28, 1)
        scores = self._session.run(["probabilities"], {self._input: rows})[0]
        return {"digit": scores.argmax(1).tolist(), "confidence": scores.max(1).tolist()}
