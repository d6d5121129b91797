from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kaizen.evaluation import scores
from kaizen.monitoring.drift import result as results
from kaizen.monitoring.drift.result import DriftResult, Finding
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.estimate import Calibration, estimate
from kaizen.monitoring.performance.support import support

YES = True, ""


def rows(seed: int, count: int, classes: int, ease: float = 1.0) -> tuple[Any, Any, Any]:
    """Truth, answers, and what an overconfident model states."""
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.full(classes, 0.7 / ease), count)
    truth = (random.random(count)[:, None] > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    stated = shares**3 / (shares**3).sum(axis=1, keepdims=True)
    return truth, shares.argmax(axis=1), stated


def baseline(metric: str = "accuracy", classes: int = 2, count: int = 2000) -> Baseline:
    truth, answers, stated = rows(0, count, classes)
    return Baseline(
        truth=truth,
        answers=answers,
        probabilities=stated,
        labels=tuple(range(classes)),
        positive=1 if classes == 2 else None,
        task="classification",
        metric=metric,
        direction="higher",
    )


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("metric", scores.CLASSIFICATION)
def test_it_comes_near_the_truth_where_rows_are_easier_or_harder(metric: str, classes: int) -> None:
    known = baseline(metric, classes)
    for ease in (0.5, 2.0):
        truth, answers, stated = rows(1, 4000, classes, ease)
        found = estimate(known, answers, stated, YES, seed=0)
        real = scores.score(metric, known.positive)(truth, answers)
        assert found.state == "estimated"
        assert found.value == pytest.approx(real, abs=0.04)
        assert found.low is not None
        assert found.high is not None
        # One curve for each class misses a little of what four have to do with each other.
        room = 0.01 if classes == 2 else 0.03
        assert found.low - room <= real <= found.high + room
        assert found.worse == (ease == 0.5)
        assert found.p is None


def test_calibration_is_scikit_learns() -> None:
    from sklearn.isotonic import IsotonicRegression

    truth, _, stated = rows(3, 500, 2)
    expected = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(stated[:, 1], truth)
    asked = rows(4, 200, 2)[2]
    found = Calibration(truth, stated)(asked)
    np.testing.assert_allclose(found[:, 1], expected.predict(asked[:, 1]), atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_outside_of_what_the_model_knows_it_is_unknown() -> None:
    _, answers, stated = rows(1, 300, 2)
    found = estimate(baseline(), answers, stated, (False, "38% of the rows lie outside"), seed=0)
    assert (found.state, found.value) == ("unknown", None)
    assert "38% of the rows" in found.reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"task": "regression"}, "only a classifier"),
        ({"probabilities": None}, "states no probabilities"),
        ({"labels": (0, 5)}, "is no class of the model"),
    ],
)
def test_what_cannot_be_estimated_is_said(change: dict[str, Any], why: str) -> None:
    _, answers, stated = rows(1, 300, 2)
    found = estimate(replace(baseline(), **change), answers, stated, YES, seed=0)
    assert found.state == "unknown"
    assert why in found.reason


def test_few_rows_and_wrong_shapes_are_said() -> None:
    _, answers, stated = rows(1, 300, 2)
    few = estimate(baseline(), answers[:20], stated[:20], YES, seed=0)
    assert "20 of the window" in few.reason
    odd = estimate(baseline(), answers, np.full((300, 2), np.nan), YES, seed=0)
    assert "not finite" in odd.reason


def drift_result(
    tests: tuple[results.Test, ...] = (), quality: tuple[Finding, ...] = ()
) -> DriftResult:
    return DriftResult(
        drifted=False,
        p_value=0.4,
        effect=0.5,
        columns=(),
        tests=tests,
        quality=quality,
        reference_rows=1000,
        window_rows=200,
        calibration=results.Calibration(draws=1999, window=200, level=0.006, note=""),
    )


def test_support_ends_where_rows_are_unlike_known_ones() -> None:
    shifted = results.Test(name="ks", p=0.001, effect=2, where=("age",))
    odd = results.Test(name="rare", p=0.001, effect=3, where=("age",))
    finding = Finding(column="age", kind="missing_values", detail="age lacks 3", serious=False)
    assert support(drift_result((shifted,))) == (True, "")
    assert support(drift_result((shifted, odd)), 0.38)[0] is False
    assert "38% of the rows lie outside" in support(drift_result((odd,)), 0.38)[1]
    assert "(age)" in support(drift_result((odd,)))[1]
    assert support(drift_result(quality=(finding,))) == (False, "age lacks 3")
    none = drift_result(quality=(finding,)).model_copy(update={"p_value": None})
    assert "not compared" in support(none)[1]
