"""MLServer with a runtime of ONNX Runtime, as its documentation says to write one.

mlserver start FOLDER    where FOLDER/model-settings.json names this class
"""

from __future__ import annotations

import base64
import os
from typing import Any

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput


class Digits(MLModel):  # type: ignore[misc]  # MLServer is in an environment of its own
    """Takes one base64 string of 784 bytes in a BYTES tensor."""

    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
        self._input = self._session.get_inputs()[0].name
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        text: Any = payload.inputs[0].data[0]
        rows = np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, 28, 28, 1)
        scores = self._session.run(["probabilities"], {self._input: rows})[0]
        digits = scores.argmax(1)
        return InferenceResponse(
            model_name=self.name,
            outputs=[
                ResponseOutput(
                    name="digit", shape=[len(digits)], datatype="INT64", data=digits.tolist()
                ),
                ResponseOutput(
                    name="confidence",
                    shape=[len(digits)],
                    datatype="FP32",
                    data=scores.max(1).tolist(),
                ),
            ],
        )
