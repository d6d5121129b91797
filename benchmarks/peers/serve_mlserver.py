"""MLServer with a runtime of ONNX Runtime, as its documentation says to write one.

mlserver start FOLDER    where FOLDER/model-settings.json names this class
"""

from __future__ import annotations

import base64
from typing import Any

from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput

from benchmarks.peers.digits_session import Digits

TYPES = {"digit": "INT64", "confidence": "FP32"}


class Runtime(MLModel):
    """Takes one base64 string of 784 bytes in a BYTES tensor."""

    async def load(self) -> bool:
        self._model = Digits()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        text: Any = payload.inputs[0].data[0]
        answer = self._model(base64.b64decode(text))
        outputs = [
            ResponseOutput(name=name, shape=[len(values)], datatype=TYPES[name], data=values)
            for name, values in answer.items()
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
