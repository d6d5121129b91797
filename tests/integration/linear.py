"""A Bento of a linear model of the use case diabetes, made in a second without training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.core.settings import ServingRule
from kaizen.inference.golden import Golden
from kaizen.inference.scorer import Scorer
from kaizen.packaging.bento import build
from usecases.diabetes.features import COLUMNS, features

VALUES = np.random.default_rng(0).normal(0, 0.05, (20, 10))
ROWS = [dict(zip(COLUMNS, row, strict=True)) for row in VALUES.tolist()]


def linear_model() -> bytes:
    weights = np.linspace(-300.0, 300.0, 10).reshape(10, 1)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "weights"], ["product"]),
            helper.make_node("Add", ["product", "intercept"], ["prediction"]),
        ],
        "linear",
        [helper.make_tensor_value_info("features", TensorProto.DOUBLE, ["n", 10])],
        [helper.make_tensor_value_info("prediction", TensorProto.DOUBLE, ["n", 1])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([150.0]), "intercept"),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def linear_release(folder: Path) -> tuple[Home, Release, Golden]:
    """Home, Bento and golden set below ``folder``."""
    home = Home(folder / "home")
    model = linear_model()
    outputs = Scorer(model)({"features": VALUES})
    golden = Golden(
        ROWS,
        {name: values.tolist() for name, values in outputs.items()},
        [answer.model_dump(mode="json") for answer in features.respond(outputs)],
    )
    release = build(
        usecase="diabetes",
        version="7",
        model=model,
        golden=golden,
        metadata={"dataset_digest": "d" * 64, "commit": "c0ffee", "mlflow_run_id": "r1"},
        rule=ServingRule(max_body_bytes=52_428, max_rows=100, timeout_s=2.0, read_timeout_s=2.0),
        home=home,
    )
    return home, release, golden
