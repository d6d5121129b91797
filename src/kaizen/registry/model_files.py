"""The folder of a registered model, in MLflow's ONNX flavor.

Signature, input example and pinned requirements go with it, so that any process loads it by plain
``mlflow.pyfunc.load_model`` and a wrong shape is refused there too.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from mlflow import onnx as flavor
from mlflow.entities import LoggedModel
from mlflow.models import Model, infer_signature

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import Array, Inputs, Outputs
from kaizen.inference.golden import Golden
from kaizen.registry.run_environment import pinned

MODEL = "model.onnx"
GOLDEN = "golden.json"
EXAMPLE_ROWS = 2


def sha256(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def write(
    path: Path,
    logged: LoggedModel,
    model: bytes,
    inputs: Inputs,
    outputs: Outputs,
    golden: Golden,
) -> None:
    """Write the folder of the MLflow model ``logged`` to ``path``, which must not exist.

    Args:
        model: the ONNX bytes; they are kept as they are.
        inputs, outputs: rows fed and answered, by ONNX name; the first axis is free.

    Raises:
        KaizenError: ``model`` is not ONNX.
    """
    try:
        parsed = onnx.load_from_string(model)
    except DecodeError as error:
        raise KaizenError(f"the model to register is not ONNX ({len(model):,} bytes)") from error
    inputs, outputs = _plain(inputs), _plain(outputs)
    flavor.save_model(
        parsed,
        str(path),
        mlflow_model=Model(
            artifact_path=logged.artifact_location,
            model_uuid=logged.model_id,
            model_id=logged.model_id,
            run_id=logged.source_run_id,
        ),
        signature=infer_signature(inputs, outputs),
        input_example={name: values[:EXAMPLE_ROWS] for name, values in inputs.items()},
        # Given, because inferring them loads the model in a process of its own.
        pip_requirements=pinned("mlflow", "numpy", "onnxruntime"),
        onnx_execution_providers=["CPUExecutionProvider"],
        # In one file: the digest must cover the weights.
        save_as_external_data=False,
    )
    (path / MODEL).write_bytes(model)
    (path / GOLDEN).write_text(golden.dump(), encoding="utf-8")


def _plain(arrays: dict[str, Array]) -> dict[str, Array]:
    """Text as numpy's own type: MLflow knows no schema for objects."""
    return {
        name: values.astype(str) if values.dtype == np.object_ else values
        for name, values in arrays.items()
    }
