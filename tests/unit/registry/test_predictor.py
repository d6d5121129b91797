"""A small mixed use case (text and numbers), registered and asked as a user would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bank import TABLE, Bank

import kaizen
from kaizen.core.errors import UsageError
from kaizen.core.usecase import ArraySpec, InvalidInput
from kaizen.registry import predictor


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
