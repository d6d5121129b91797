"""Scores rows with ONNX Runtime. The one way a kaizen model is asked, judged and served."""

from __future__ import annotations

import os

# ONNX Runtime sets its telemetry up at its import, unless told not to before.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime

from kaizen.core.usecase import Inputs, InvalidInput, Outputs


class Scorer:
    """One model in memory. Calls are safe from several threads.

    Args:
        model: the bytes of ``model.onnx``.
        threads: threads within one call; one is fastest for small models.
    """

    def __init__(self, model: bytes, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [entry.name for entry in self._session.get_inputs()]
        self.outputs = [entry.name for entry in self._session.get_outputs()]

    def __call__(self, inputs: Inputs) -> Outputs:
        """The model's outputs for n rows, by name; each has n rows."""
        answers = self._session.run(self.outputs, inputs)
        return dict(zip(self.outputs, answers, strict=True))


def finite(outputs: Outputs) -> Outputs:
    """``outputs`` themselves.

    Raises:
        InvalidInput: the model has no finite answer to a row.
    """
    for name, values in outputs.items():
        # Counting costs a third of all(), which goes through Python.
        if values.dtype.kind == "f" and np.count_nonzero(np.isfinite(values)) < values.size:
            row = int(np.argwhere(~np.isfinite(values))[0][0])
            raise InvalidInput(name, "the model's answer is not a finite number", row)
    return outputs
