"""A real model, and use cases of their own in the MLflow store that all tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import count

import numpy as np
import pytest
from bank import TABLE, Bank
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from kaizen.core import catalog
from kaizen.core.errors import unknown
from kaizen.core.paths import Home
from kaizen.core.usecase import Inputs, Outputs
from kaizen.inference.golden import Golden
from kaizen.inference.scorer import Scorer
from kaizen.registry import tracking, versions

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


@pytest.fixture(scope="session")
def bank() -> tuple[bytes, np.ndarray]:
    """The model as ONNX, and scikit-learn's own answers to TABLE."""
    columns = make_column_transformer((OneHotEncoder(), ["country"]), remainder="passthrough")
    model = make_pipeline(columns, LinearRegression())
    model.fit(TABLE[["country", "age"]], TABLE["value"])
    kinds = [("country", StringTensorType([None, 1])), ("age", FloatTensorType([None, 1]))]
    content = to_onnx(model, initial_types=kinds).SerializeToString()
    return content, model.predict(TABLE[["country", "age"]])


@pytest.fixture
def features(name: str, bank: tuple[bytes, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> Bank:
    """The use case ``name``, its champion registered."""
    known = Bank()

    def check(asked: str) -> str:
        if asked != name:
            raise unknown("use case", asked, [name])
        return asked

    monkeypatch.setattr(catalog, "check", check)
    monkeypatch.setattr(catalog, "features", lambda asked: known)
    inputs = known.decode({column: TABLE[column] for column in TABLE})
    outputs = Scorer(bank[0])(inputs)
    versions.promote(
        name,
        versions.register(
            name,
            tracking.start(name, {}, {}),
            bank[0],
            inputs,
            outputs,
            Golden([], {}, []),
            {"dataset_digest": "d"},
        ),
    )
    return known
