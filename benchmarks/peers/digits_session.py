"""The model that the served peers share: ONNX Runtime with one thread."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import onnxruntime


class Digits:
    """The model in the file that ``MODEL`` names."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
        self._input = self._session.get_inputs()[0].name

    def __call__(self, pixels: bytes) -> dict[str, list[Any]]:
        """The digit of each 784 bytes, and how sure the model is."""
        rows = np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28, 1)
        scores = self._session.run(["probabilities"], {self._input: rows})[0]
        return {"digit": scores.argmax(1).tolist(), "confidence": scores.max(1).tolist()}
