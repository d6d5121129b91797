"""Candidates on real data: how they are scored, ranked and recorded."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error

from kaizen.core import config
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.results import Candidate
from kaizen.core.usecase import Split, Trained
from kaizen.data.split import folds, split
from kaizen.evaluation import sweep
from kaizen.registry import store, sweep_logging, tracking
from usecases.diabetes.features import COLUMNS
from usecases.diabetes.model import Diabetes
from usecases.diabetes.settings import Data

CASE = Diabetes()
SWEPT = config.load("diabetes", grid=["alpha=.1,.4,5"])


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(CASE.load(Data()), config.FixedSplit())


def attempt(parts: Split, alpha: float, case: Diabetes = CASE, **over: Any) -> Candidate:
    options: dict[str, Any] = {"seed": 0, "number": 5, "report": lambda _: None, **over}
    chosen = {"alpha": alpha}
    return sweep.attempt(case, chosen, chosen, parts.train, parts.validation, **options)


def test_folds_follow_from_content_and_cover_every_row_once(parts: Split) -> None:
    found = folds(parts.train, 5, "0")
    turned = parts.train.sample(frac=1, random_state=1)
    assert np.array_equal(folds(turned, 5, "0"), found[turned.index])
    assert np.bincount(found).min() > len(parts.train) / 5 / 2
    assert not np.array_equal(folds(parts.train, 5, "1"), found)
    twice = pd.concat([parts.train, parts.train])
    assert np.array_equal(folds(twice, 5, "0"), np.tile(found, 2))
    with pytest.raises(KaizenError, match="3 rows are too few for 20 folds"):
        folds(parts.train.head(3), 20, "0")


def test_cross_validation_is_the_mean_over_folds(parts: Split) -> None:
    tried = attempt(parts, 0.4)
    fold = folds(parts.train, 5, "0")
    rows, truth = parts.train[list(COLUMNS)].to_numpy(), parts.train["target"].to_numpy()
    errors = [
        mean_squared_error(
            truth[fold == at],
            Ridge(0.4).fit(rows[fold != at], truth[fold != at]).predict(rows[fold == at]),
        )
        for at in range(5)
    ]
    assert tried.metrics["mse"] == pytest.approx(np.mean(errors))
    assert tried.errors["mse"] == pytest.approx(np.std(errors, ddof=1) / 5**0.5)
    assert set(tried.metrics) == {"mse", "rmse", "mae", "r2"}
    assert attempt(parts, 0.4).metrics == tried.metrics


def test_a_validation_part_is_scored_once(parts: Split) -> None:
    cut = dataclasses.replace(
        parts, train=parts.train.iloc[:300], validation=parts.train.iloc[300:]
    )
    tried = attempt(cut, 0.4, number=None)
    model = CASE.train(CASE.Params(alpha=0.4), cut.train, cut.validation, 0, lambda _: None).model
    answers = model.predict(cut.validation[list(COLUMNS)].to_numpy())
    assert tried.metrics["mse"] == pytest.approx(
        mean_squared_error(cut.validation["target"], answers)
    )
    assert tried.errors == {}
    assert "the validation part is empty" in str(attempt(parts, 0.4, number=None).reason)


class Spy(Diabetes):
    """Remembers the targets of all rows it is given; fails where alpha is 13."""

    def __init__(self) -> None:
        self.learnt: list[set[float]] = []
        self.asked: list[int] = []

    def train(self, params: Any, train: pd.DataFrame, *rest: Any) -> Trained:
        if params.alpha == 13:
            raise ValueError("thirteen\nof all numbers")
        self.learnt.append({hash(tuple(row)) for row in train.to_numpy().tolist()})
        return super().train(params, train, *rest)

    def predict(self, model: Any, inputs: Any) -> Any:
        self.asked.append(len(inputs["features"]))
        outputs = super().predict(model, inputs)
        return {"prediction": outputs["prediction"] * (np.nan if model.alpha == 14 else 1)}


def test_every_row_is_judged_once_by_a_model_that_has_not_learnt_it(parts: Split) -> None:
    spy = Spy()
    attempt(parts, 0.4, spy)
    rows = {hash(tuple(row)) for row in parts.train.to_numpy().tolist()}
    assert len(spy.learnt) == 5
    assert set.union(*spy.learnt) == rows
    assert sum(spy.asked) == len(rows)
    assert [len(rows) - len(learnt) for learnt in spy.learnt] == spy.asked


def test_what_fails_is_a_candidate_with_its_reason(parts: Split) -> None:
    failed = attempt(parts, 13, Spy())
    assert failed.reason == "ValueError: thirteen of all numbers"
    assert failed.metrics == {}
    assert "NaN" in str(attempt(parts, 14, Spy()).reason)


def tried(alpha: float, mse: float = 0.0, reason: str | None = None) -> Candidate:
    return Candidate(
        params={"alpha": alpha},
        metrics={} if reason else {"mse": mse, "r2": mse},
        errors={} if reason else {"mse": 0.5, "r2": 0.5},
        begun=1_700_000_000.0,
        seconds=2.0,
        reason=reason,
    )


TRIED = [tried(5, 9.0), tried(13, reason="bad"), tried(0.4, 3.0), tried(0.1, 3.0)]


def test_the_best_comes_first_ties_keep_their_order_and_the_failed_are_last() -> None:
    ranked = sweep.ranked(CASE, SWEPT, TRIED)
    assert [(one.params["alpha"], one.rank) for one in ranked.candidates] == [
        (0.4, 1), (0.1, 2), (5, 3), (13, None),
    ]  # fmt: skip
    assert (ranked.metric, ranked.direction, ranked.folds) == ("mse", "lower", 5)
    assert [one.params["alpha"] for one in ranked.failed] == [13]
    assert sweep.value_in_words(ranked.best, "mse") == "3 ± 0.5"
    up = config.load("diabetes", settings=["sweep.metric=r2"], grid=["alpha=1,2"])
    assert sweep.ranked(CASE, up, TRIED).best.params == {"alpha": 5}


def test_a_metric_of_another_task_is_refused_and_the_setting_named() -> None:
    wrong = config.load("diabetes", settings=["sweep.metric=accuracy"], grid=["alpha=1,2"])
    with pytest.raises(UsageError, match=r"regression \(sweep.metric\) 'accuracy'"):
        sweep.rule(CASE, wrong)


def test_where_all_fail_each_is_named() -> None:
    lost = sweep.ranked(CASE, SWEPT, [tried(1, reason="a"), tried(2, reason="b")])
    said = str(sweep.nothing_left(lost))
    assert said == "none of 2 candidates could be trained (alpha=1: a; alpha=2: b)"


def test_candidates_are_children_of_the_run_and_its_parameters_are_the_best(name: str) -> None:
    parent = tracking.start(name, SWEPT.record(), {})
    ranked = sweep.ranked(CASE, SWEPT, TRIED)
    sweep_logging.children(parent, name, ranked)
    sweep_logging.chosen(parent, {"alpha": 0.4}, ranked)
    mlflow = store.client()
    run = mlflow.get_run(parent)
    assert run.data.params["params.alpha"] == "0.4"
    assert run.data.tags["sweep.best"] == "alpha=0.4"
    assert run.data.tags["sweep.failed"] == "alpha=13"
    children = {
        child.data.tags["candidate"]: child
        for child in mlflow.search_runs(
            [run.info.experiment_id], f"tags.mlflow.parentRunId = '{parent}'"
        )
    }
    assert set(children) == {"alpha=0.4", "alpha=0.1", "alpha=5", "alpha=13"}
    best, failed = children["alpha=0.4"], children["alpha=13"]
    assert (best.info.status, best.data.tags["best"]) == ("FINISHED", "true")
    assert best.data.metrics == {"mse": 3, "r2": 3, "error.mse": 0.5, "error.r2": 0.5, "seconds": 2}
    assert best.info.end_time - best.info.start_time == 2000
    assert (failed.info.status, failed.data.tags["reason"]) == ("FAILED", "bad")
    assert children["alpha=5"].data.tags["rank"] == "3"
