"""Segments: the known number is found, they are named by a rule, and exported as trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn import metrics

from kaizen.core.usecase import Trained
from kaizen.evaluation import scores
from kaizen.inference.scorer import Scorer
from usecases.customers import segments
from usecases.customers.features import AGE, INCOME, NUMBERS, SCORE, Request, features
from usecases.customers.generate import BLOBS, customers
from usecases.customers.model import usecase
from usecases.customers.settings import Data, Params

INDICES = ("inertia", "silhouette", "davies_bouldin", "calinski_harabasz")


def trained(rows: pd.DataFrame, **params: Any) -> Trained:
    chosen = Params(starts=3, **params)
    return usecase.train(chosen, rows, rows.head(0), 0, lambda _: None)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return customers(600, 0)


@pytest.fixture(scope="module")
def found(rows: pd.DataFrame) -> Trained:
    return trained(rows)


def test_the_seed_decides_the_customers_and_nothing_else_does() -> None:
    pd.testing.assert_frame_equal(customers(300, 7), customers(300, 7))
    assert not customers(300, 7).equals(customers(300, 8))
    assert usecase.fingerprint(Data(rows=50)) == usecase.fingerprint(Data(rows=50))
    assert usecase.fingerprint(Data(rows=50)) != usecase.fingerprint(Data(rows=50, seed=1))


@pytest.mark.parametrize(("known", "seed"), [(3, 1), (4, 2), (5, 3)])
def test_the_known_number_of_blobs_is_found(known: int, seed: int) -> None:
    assert trained(customers(400, seed, BLOBS[:known])).summary["k"] == known


def test_all_blobs_are_found_and_each_customer_in_its_own(
    rows: pd.DataFrame, found: Trained
) -> None:
    assert found.summary["k"] == len(BLOBS)
    middles = np.array([(blob.age, blob.income, blob.score) for blob in BLOBS])
    points = rows[list(NUMBERS)].to_numpy()
    apart = (points[:, None] - middles) / segments.SPREAD
    nearest = np.square(apart).sum(axis=2).argmin(axis=1)
    answer = found.model.predict(points.astype(float))
    assert metrics.adjusted_rand_score(nearest, answer) > 0.98


def test_four_indices_stand_for_every_k(rows: pd.DataFrame, found: Trained) -> None:
    assert set(found.curves) == {f"{name}_by_k" for name in INDICES}
    for curve in found.curves.values():
        assert list(curve) == list(range(2, 21))
    inertia = list(found.curves["inertia_by_k"].values())  # type: ignore[union-attr]
    assert inertia[0] > 3 * inertia[4] > 3 * inertia[-1]
    k, chosen = found.summary["k"], found.summary["indices"]
    truth, answer = usecase.truth(rows), found.model.predict(rows[list(NUMBERS)].to_numpy(float))
    again = scores.evaluate("clustering", truth, answer)
    assert again == pytest.approx(chosen)
    assert {name: found.curves[f"{name}_by_k"][k] for name in INDICES} == chosen


def test_a_given_k_is_taken(rows: pd.DataFrame) -> None:
    summary = trained(rows, k=3).summary
    assert (summary["k"], summary["chosen"], len(summary["segments"])) == (3, "given", 3)


def test_numbers_and_names_follow_from_the_middles(rows: pd.DataFrame, found: Trained) -> None:
    stated = found.summary["segments"]
    assert [each["segment"] for each in stated] == [1, 2, 3, 4, 5, 6]
    assert [each["means"][INCOME] for each in stated] == sorted(
        each["means"][INCOME] for each in stated
    )
    assert sum(each["rows"] for each in stated) == len(rows)
    assert stated[0]["name"] == "young, low income, high spending"
    assert stated[-1]["name"] == "middle-aged, high income, low spending"
    # Neither the order of the rows nor the seed gives a segment another number.
    again = usecase.train(Params(k=6), rows.iloc[::-1], rows.head(0), 5, lambda _: None)
    assert again.summary["segments"] == stated


@pytest.mark.parametrize(
    ("middle", "words"),
    [
        ((34.9, 44.9, 37.9), "young, low income, low spending"),
        ((35.0, 45.0, 38.0), "middle-aged, middle income, medium spending"),
        ((52.0, 72.0, 62.0), "older, high income, high spending"),
    ],
)
def test_a_middle_in_words(middle: tuple[float, ...], words: str) -> None:
    assert segments.in_words(middle) == words


def test_the_export_answers_as_the_model_does(rows: pd.DataFrame, found: Trained) -> None:
    content = usecase.export(found.model)
    assert content == usecase.export(found.model)
    inputs = features.decode(rows)
    own, answered = usecase.predict(found.model, inputs), Scorer(content)(inputs)
    assert list(own) == list(answered) == ["segment", "name", "distances"]
    np.testing.assert_array_equal(answered["segment"], own["segment"])
    np.testing.assert_array_equal(answered["name"], own["name"])
    np.testing.assert_allclose(answered["distances"], own["distances"], atol=1e-12)
    assert answered["segment"].min() == 1


def test_number_and_gender_decide_nothing(rows: pd.DataFrame) -> None:
    other = rows.assign(CustomerID=rows["CustomerID"] + 10_000, Gender="Male")
    first, second = trained(rows, k=6).model, trained(other, k=6).model
    assert np.array_equal(first[-1].cluster_centers_, second[-1].cluster_centers_)


def test_requests_rows_and_arrays_agree(rows: pd.DataFrame) -> None:
    requests = [features.request(row) for row in rows.head(3).to_dict("records")]
    dumped = [Request.model_validate(request).model_dump() for request in requests]
    columns = {name: [row[name] for row in dumped] for name in dumped[0]}
    expected = features.decode(rows.head(3))["numbers"]
    np.testing.assert_array_equal(features.decode(columns)["numbers"], expected)
    unpacked = features.unpack(expected)
    np.testing.assert_array_equal(features.decode(unpacked)["numbers"], expected)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({AGE: "old"}, "valid number"),
        ({AGE: 3}, "greater than or equal to 10"),
        ({SCORE: 101}, "less than or equal to 100"),
        ({INCOME: None}, "valid number"),
        ({"Gender": "other"}, "'Female' or 'Male'"),
        ({"Shoe": 42}, "Extra inputs"),
    ],
)
def test_requests_that_are_refused(change: dict[str, Any], words: str) -> None:
    Request.model_validate({**features.examples[0], "CustomerID": 1})
    with pytest.raises(ValidationError, match=words):
        Request.model_validate({**features.examples[0], **change})


def test_what_monitoring_sees_and_the_client_gets(rows: pd.DataFrame) -> None:
    inputs = features.decode(rows.head(2))
    outputs = {
        "segment": np.array([2, 1]),
        "name": np.array(["b", "a"], dtype=object),
        "distances": np.array([[2.0, 0.5], [0.25, 3.0]]),
    }
    seen = features.observe(inputs, outputs)
    assert list(seen) == [*NUMBERS, "segment", "distance"]
    assert seen["distance"].tolist() == [0.5, 0.25]
    assert [answer.model_dump() for answer in features.respond(outputs)] == [
        {"segment": 2, "name": "b", "distance": 0.5},
        {"segment": 1, "name": "a", "distance": 0.25},
    ]
