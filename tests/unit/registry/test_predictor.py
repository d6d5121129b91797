"""A small mixed use case (text and numbers), registered and asked as a user would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ConfigDict
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import kaizen
from kaizen import catalog
from kaizen.errors import UsageError, unknown
from kaizen.usecase import ArraySpec, Inputs, InvalidInput, Outputs
from registry import predictor, tracking, versions
from serving.golden import Golden
from serving.scorer import Scorer

TABLE = pd.DataFrame(
    {
        "country": ["France", "Spain", "France", "Germany"],
        "age": [42.0, 30.0, 20.0, 60.0],
        "value": [1.0, 2.0, 3.0, 4.0],
    }
)


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    country: str
    age: float


class Response(BaseModel):
    value: float


class Bank:
    Request = Request
    Response = Response
    array: ArraySpec | None = None

    def decode(self, columns: Mapping[str, Any]) -> Inputs:
        age = np.asarray(columns["age"], dtype=np.float32)
        for row in np.flatnonzero(~np.isfinite(age)):
            raise InvalidInput("age", "age is not a number", int(row))
        country = np.asarray(columns["country"], dtype=object)
        return {"country": country[:, None], "age": age[:, None]}

    def unpack(self, rows: np.ndarray) -> Mapping[str, Any]:
        return {"country": ["Spain"] * len(rows), "age": rows[:, 0]}

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        return [Response(value=value) for value in outputs["variable"].ravel().tolist()]


@pytest.fixture(scope="module")
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


@pytest.mark.parametrize("suffix", ["", "@champion", "@1"])
def test_requests_are_answered_as_the_model_would(
    name: str, features: Bank, bank: tuple[bytes, np.ndarray], suffix: str
) -> None:
    model = kaizen.load(f"{name}{suffix}")
    rows = TABLE[["country", "age"]].to_dict("records")
    answers = [answer["value"] for answer in model.predict(rows)]
    np.testing.assert_allclose(answers, bank[1], rtol=1e-4)
    assert (model.usecase, model.version) == (name, "1")


def test_a_table_and_its_requests_get_the_same_answers(name: str, features: Bank) -> None:
    model = predictor.load(name)
    rows = TABLE[["country", "age"]].to_dict("records")
    # The target may stand in the table, and its index does not matter.
    assert model.predict(TABLE.set_index(TABLE.index + 7)) == model.predict(rows)
    assert model.outputs(TABLE)["variable"].shape == (4, 1)
    assert model.predict([]) == []
    assert model.predict(TABLE.head(0)) == []


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ({"country": "Spain"}, "age", "required"),
        ({"country": "Spain", "age": "old"}, "age", "valid number"),
        ({"country": "Spain", "age": float("nan")}, "age", "finite"),
        ({"country": "Spain", "age": 1, "agee": 2}, "agee", "not permitted"),
    ],
)
def test_a_bad_row_is_named_by_field_and_place(
    name: str, features: Bank, row: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason) as caught:
        predictor.load(name).predict([{"country": "Spain", "age": 3}, row])
    assert (caught.value.field, caught.value.row) == (field, 1)


def test_a_bad_table_is_named_too(name: str, features: Bank) -> None:
    model = predictor.load(name)
    with pytest.raises(InvalidInput, match="column 'age' is missing") as absent:
        model.predict(TABLE[["country"]])
    assert absent.value.field == "age"
    with pytest.raises(InvalidInput) as caught:
        model.predict(TABLE.assign(age=[1.0, 2.0, np.nan, 4.0]).set_index("value"))
    assert (caught.value.field, caught.value.row) == ("age", 2)


def test_bare_arrays_have_the_shape_and_kind_the_use_case_takes(name: str, features: Bank) -> None:
    model = predictor.load(name)
    with pytest.raises(InvalidInput, match="takes no bare arrays"):
        model.predict(np.zeros((2, 1)))
    features.array = ArraySpec("uint8", (1,))
    expected = model.predict([{"country": "Spain", "age": 30}])
    assert model.predict(np.array([[30]])) == expected
    assert model.predict(np.array([[30.0]])) == expected
    with pytest.raises(InvalidInput, match=r"shape is \(2, 3\), expected \(n, 1\)"):
        model.predict(np.zeros((2, 3)))
    for wrong in (0.5, 300.0, np.nan):
        with pytest.raises(InvalidInput, match="holds float64, expected uint8"):
            model.predict(np.array([[wrong]]))


def test_a_wrong_reference_offers_the_nearest(name: str, features: Bank) -> None:
    with pytest.raises(UsageError, match=f"unknown use case '{name}x': did you mean '{name}'"):
        predictor.load(f"{name}x@champion")
    with pytest.raises(UsageError, match="did you mean 'champion'"):
        predictor.load(f"{name}@champ")
    with pytest.raises(UsageError, match="names no version"):
        predictor.load(f"{name}@")
