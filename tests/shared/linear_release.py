"""A linear model of the shape of diabetes, as ONNX, as golden set, and as a release in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from kaizen.inference.golden import Golden
from kaizen.inference.scorer import Scorer
from usecases.diabetes.features import COLUMNS, features

Folder = Callable[..., Path]


def linear(weights: np.ndarray, intercept: float = 150.0) -> bytes:
    """A linear model of the shape of the use case diabetes, as ONNX."""
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "weights"], ["product"]),
            helper.make_node("Add", ["product", "intercept"], ["prediction"]),
        ],
        "linear",
        [helper.make_tensor_value_info("features", TensorProto.DOUBLE, ["n", 10])],
        [helper.make_tensor_value_info("prediction", TensorProto.DOUBLE, ["n", 1])],
        [
            numpy_helper.from_array(weights.reshape(10, 1), "weights"),
            numpy_helper.from_array(np.array([intercept]), "intercept"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@pytest.fixture(scope="session")
def rows() -> list[dict[str, float]]:
    values = np.random.default_rng(0).normal(0, 0.05, (20, 10))
    return [dict(zip(COLUMNS, row, strict=True)) for row in values.tolist()]


@pytest.fixture(scope="session")
def onnx_model() -> bytes:
    return linear(np.linspace(-300.0, 300.0, 10))


@pytest.fixture(scope="session")
def golden(onnx_model: bytes, rows: list[dict[str, float]]) -> Golden:
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    outputs = Scorer(onnx_model)(features.decode(columns))
    return Golden(
        requests=rows,
        outputs={name: values.tolist() for name, values in outputs.items()},
        responses=[answer.model_dump(mode="json") for answer in features.respond(outputs)],
    )


@pytest.fixture
def release(tmp_path: Path, onnx_model: bytes, golden: Golden) -> Folder:
    """Lays a release out in a folder, as it lies in a Bento."""
    import hashlib

    def lay(*, model: bytes = onnx_model, answers: Golden = golden, **limits: Any) -> Path:
        folder = tmp_path / "release"
        folder.mkdir(exist_ok=True)
        (folder / "model.onnx").write_bytes(model)
        (folder / "golden.json").write_text(answers.dump())
        bounds = {"max_body_bytes": 100_000, "max_rows": 100, "timeout_s": 5.0, **limits}
        about = {
            "usecase": "diabetes",
            "model_version": "7",
            "digest": hashlib.sha256(model).hexdigest(),
            "limits": bounds,
            "commit": "c0ffee",
        }
        (folder / "metadata.json").write_text(json.dumps(about))
        return folder

    return lay
