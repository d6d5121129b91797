"""A real model, and use cases of their own in the MLflow store that all tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import count

import numpy as np
import pytest
from skl2onnx import to_onnx
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

from kaizen.paths import Home
from kaizen.usecase import Inputs, Outputs
from registry import tracking, versions
from serving.golden import Golden
from serving.scorer import Scorer

DIGEST = "d" * 64
NUMBERS = count(1)


@dataclass(frozen=True)
class Made:
    """A trained model on its way to the registry."""

    onnx: bytes
    inputs: Inputs
    outputs: Outputs
    golden: Golden


@pytest.fixture(scope="session")
def make() -> Callable[[float], Made]:
    """Ridge on the diabetes data at any alpha, as ONNX."""
    rows, truth = load_diabetes(return_X_y=True)
    inputs = {"rows": rows[:5].astype(np.float32)}

    @cache
    def trained(alpha: float) -> Made:
        exported = to_onnx(
            Ridge(alpha).fit(rows, truth), initial_types=None, X=rows[:1].astype(np.float32)
        )
        exported.graph.input[0].name = "rows"
        for node in exported.graph.node:
            node.input[:] = ["rows" if name == "X" else name for name in node.input]
        content = exported.SerializeToString()
        outputs = Scorer(content)(inputs)
        golden = Golden(
            requests=[{"bmi": 1.0}],
            outputs={name: values[:1].tolist() for name, values in outputs.items()},
            responses=[{"value": 1.0}],
        )
        return Made(content, inputs, outputs, golden)

    return trained


@pytest.fixture
def name(home: Home) -> str:
    """A use case no other test knows."""
    return f"case{next(NUMBERS)}"


@pytest.fixture
def register(name: str, make: Callable[[float], Made]) -> Callable[..., str]:
    """Register the model of one alpha from a run of its own (or from ``run``)."""

    def registered(alpha: float, run: str | None = None, **tags: str) -> str:
        made = make(alpha)
        run = run or tracking.start(name, {"params": {"alpha": alpha}}, {"stack": "local"})
        return versions.register(
            name,
            run,
            made.onnx,
            made.inputs,
            made.outputs,
            made.golden,
            {"dataset_digest": DIGEST, **tags},
        )

    return registered
