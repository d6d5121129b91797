"""Seven families on one table: encoded inside the model, exported as trained, and sensible."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn import metrics
from skops import io

from kaizen.core import config
from kaizen.core.errors import UsageError
from kaizen.core.settings import HashSplit
from kaizen.core.usecase import Array, InvalidInput, Split
from kaizen.data.split import split
from kaizen.evaluation import scores
from kaizen.inference.scorer import Scorer
from kaizen.orchestration.materializers import TRUSTED_TYPES
from usecases.churn.features import CATEGORIES, NUMBERS, Request, features
from usecases.churn.generate import customers, risk
from usecases.churn.model import NAMES, usecase
from usecases.churn.settings import Data, Family, Params

FAMILIES = get_args(Family)
SEVEN = {
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "average_precision",
}  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(usecase.load(Data(rows=3000)), HashSplit())


@pytest.fixture(scope="module")
def models(parts: Split) -> dict[str, Any]:
    chosen = {"forest": {"trees": 40}, "mlp": {"epochs": 25}}
    given = [{"family": family, family: chosen.get(family, {})} for family in FAMILIES]
    return {
        params["family"]: usecase.train(
            Params.model_validate(params), parts.train, parts.validation, 0, lambda _: None
        ).model
        for params in given
    }


def probabilities(model: Any, rows: pd.DataFrame) -> Array:
    return usecase.predict(model, features.decode(rows))["probabilities"]


def test_the_seed_decides_the_customers_and_nothing_else_does() -> None:
    pd.testing.assert_frame_equal(customers(500, 7), customers(500, 7))
    assert not customers(500, 7).equals(customers(500, 8))
    assert usecase.fingerprint(Data(rows=50)) == usecase.fingerprint(Data(rows=50))
    assert usecase.fingerprint(Data(rows=50)) != usecase.fingerprint(Data(rows=50, seed=1))


def test_the_generated_bank_is_like_one() -> None:
    bank = customers(10_000, 0)
    assert list(bank)[:3] == list(NAMES)
    assert bank["CustomerId"].is_unique
    assert bank["Exited"].mean() == pytest.approx(0.2, abs=0.02)
    left = [bank.groupby(name)["Exited"].mean() for name in ("Geography", "IsActiveMember")]
    assert left[0]["Germany"] > 1.4 * left[0]["France"]
    assert left[1][0] > 1.4 * left[1][1]
    assert metrics.roc_auc_score(bank["Exited"], risk(bank)) == pytest.approx(0.86, abs=0.02)


def test_names_are_left_behind_when_the_data_is_loaded() -> None:
    assert not set(NAMES) & set(usecase.load(Data(rows=20)))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_leaves_its_framework_unchanged(
    family: str, models: dict[str, Any], parts: Split
) -> None:
    model = models[family]
    content = usecase.export(model)
    assert content == usecase.export(model)
    inputs = features.decode(parts.holdout)
    scorer = Scorer(content)
    assert (set(scorer.inputs), scorer.outputs) == (set(inputs), ["probabilities"])
    own, found = usecase.predict(model, inputs), scorer(inputs)
    assert found["probabilities"].shape == own["probabilities"].shape == (len(parts.holdout), 2)
    assert np.abs(own["probabilities"] - found["probabilities"]).max() <= 1e-5
    one = scorer({name: values[:1] for name, values in inputs.items()})
    assert np.allclose(one["probabilities"], found["probabilities"][:1], atol=1e-6)
    stored = io.loads(io.dumps(model), trusted=TRUSTED_TYPES)
    assert np.array_equal(probabilities(stored, parts.holdout), own["probabilities"])


@pytest.mark.parametrize("family", FAMILIES)
def test_seven_figures_are_scikit_learns_about_those_who_leave(
    family: str, models: dict[str, Any], parts: Split
) -> None:
    stated = probabilities(models[family], parts.holdout)
    answer, truth = features.answer({"probabilities": stated}), usecase.truth(parts.holdout)
    found = scores.evaluate(
        usecase.task, truth, answer, usecase.positive, stated, usecase.labels
    )  # fmt: skip
    assert set(found) == SEVEN
    assert found["recall"] == metrics.recall_score(truth, answer)
    assert found["precision"] == metrics.precision_score(truth, answer)
    assert found["f1"] == metrics.f1_score(truth, answer)
    assert found["roc_auc"] == metrics.roc_auc_score(truth, stated[:, 1])
    assert found["average_precision"] == metrics.average_precision_score(truth, stated[:, 1])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_better_than_one_column_and_than_the_majority(
    family: str, models: dict[str, Any], parts: Split
) -> None:
    leaves = probabilities(models[family], parts.holdout)[:, 1]
    truth = usecase.truth(parts.holdout)
    by_one = [
        max(area, 1 - area)
        for area in (metrics.roc_auc_score(truth, parts.holdout[name]) for name in NUMBERS)
    ]
    assert metrics.roc_auc_score(truth, leaves) > max(by_one)
    assert metrics.accuracy_score(truth, leaves > 0.5) >= 1 - truth.mean()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Age": 30.0}, {"Age": 50.0}),
        ({"IsActiveMember": 1.0}, {"IsActiveMember": 0.0}),
        ({"Geography": "France"}, {"Geography": "Germany"}),
        ({"NumOfProducts": 2.0}, {"NumOfProducts": 1.0}),
    ],
    ids=["older", "inactive", "Germany", "one product"],
)
def test_who_is_more_likely_to_leave(
    family: str, before: dict[str, Any], after: dict[str, Any], models: dict[str, Any], parts: Split
) -> None:
    low, high = (
        probabilities(models[family], parts.holdout.assign(**columns))[:, 1].mean()
        for columns in (before, after)
    )
    assert high > low + 0.01


def test_who_a_customer_is_decides_nothing(models: dict[str, Any], parts: Split) -> None:
    rows = parts.holdout.head(5)
    named = rows.assign(RowNumber=range(5), CustomerId=7, Surname="Badofe")
    turned = named[named.columns[::-1]]
    expected = probabilities(models["tree"], rows)
    assert np.array_equal(probabilities(models["tree"], turned), expected)


def test_requests_and_rows_agree(parts: Split) -> None:
    rows = parts.holdout.head(4)
    requests = [features.request(row) for row in rows.to_dict("records")]
    dumped = [Request.model_validate(request).model_dump() for request in requests]
    columns = {name: [row[name] for row in dumped] for name in dumped[0]}
    assert set(NAMES) < set(columns)
    again, expected = features.decode(columns), features.decode(rows)
    assert list(expected) == [*NUMBERS, *CATEGORIES]
    for name in expected:
        assert expected[name].shape == (4, 1)
        np.testing.assert_array_equal(again[name], expected[name])
    assert {expected[name].dtype for name in NUMBERS} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Geography": "Italy"}, "'France', 'Germany' or 'Spain'"),
        ({"Gender": None}, "'Female' or 'Male'"),
        ({"Age": "42"}, "valid number"),
        ({"Age": 7}, "greater than or equal to 18"),
        ({"HasCrCard": 2}, "less than or equal to 1"),
        ({"HasCrCard": 0.5}, "multiple of 1"),
        ({"IsActiveMember": True}, "valid number"),
        ({"Balance": float("nan")}, "finite"),
        ({"Shoe": 42}, "Extra inputs"),
    ],
)
def test_requests_that_are_refused(change: dict[str, Any], words: str) -> None:
    named = {"RowNumber": 1, "CustomerId": 15634602, "Surname": "Badofe"}
    Request.model_validate({**features.examples[0], **named, "HasCrCard": 1.0})
    with pytest.raises(ValidationError, match=words):
        Request.model_validate({**features.examples[0], **change})


def test_columns_of_different_lengths_are_refused(parts: Split) -> None:
    columns = {name: list(parts.holdout[name].head(3)) for name in (*NUMBERS, *CATEGORIES)}
    shorter = {name: columns[name][:2] for name in CATEGORIES}
    with pytest.raises(InvalidInput, match="has 2 values where others have 3") as caught:
        features.decode({**columns, **shorter})
    assert caught.value.field == "Geography"


def test_what_monitoring_sees_and_the_client_gets(parts: Split) -> None:
    inputs = features.decode(parts.holdout.head(2))
    outputs = {"probabilities": np.array([[0.75, 0.25], [0.0, 1.0000001]], np.float32)}
    seen = features.observe(inputs, outputs)
    assert list(seen) == [*NUMBERS, *CATEGORIES, "exited", "probability", "confidence"]
    assert {values.shape for values in seen.values()} == {(2,)}
    assert set(seen["Geography"]) <= set(CATEGORIES["Geography"])
    assert [answer.model_dump() for answer in features.respond(outputs)] == [
        {"exited": False, "probability": 0.25, "confidence": 0.75},
        {"exited": True, "probability": 1.0, "confidence": 1.0},
    ]


def test_a_family_is_chosen_by_name() -> None:
    found = config.load("churn", settings=["params.family=svm", "params.svm.c=3"]).params
    assert (found.family, found.svm.c) == ("svm", 3.0)
    with pytest.raises(UsageError, match=r"params.family is 'svn': input should be 'logistic'"):
        config.load("churn", settings=["params.family=svn"])
    with pytest.raises(UsageError, match=r"did you mean 'params.svm.c'"):
        config.load("churn", settings=["params.svm.cc=3"])
