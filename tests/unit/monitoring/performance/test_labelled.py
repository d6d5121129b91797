from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.evaluation import scores
from kaizen.monitoring.performance import labelled
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.measured import Performance

RULE = MonitoringRule()
Answers = Callable[..., tuple[np.ndarray, np.ndarray]]


def classes(random: np.random.Generator, rows: int, wrong: float = 0.1) -> tuple[Any, Any]:
    truth = (random.random(rows) < 0.3).astype(int)
    return truth, np.where(random.random(rows) < wrong, 1 - truth, truth)


def amounts(random: np.random.Generator, rows: int, wrong: float = 0.1) -> tuple[Any, Any]:
    truth = random.normal(100, 20, rows)
    return truth, truth + 100 * wrong * random.standard_t(4, rows)


def of(metric: str, random: np.random.Generator, rows: int = 400, positive: Any = 1) -> Baseline:
    regression = metric in scores.REGRESSION
    truth, answers = (amounts if regression else classes)(random, rows)
    return Baseline(
        truth=truth,
        answers=answers,
        probabilities=None,
        labels=() if regression else (0, 1),
        positive=None if regression else positive,
        task="regression" if regression else "classification",
        metric=metric,
        direction="lower" if metric in scores.LOWER_IS_BETTER else "higher",
    )


@pytest.mark.parametrize("metric", [*scores.CLASSIFICATION, *scores.REGRESSION])
def test_worse_answers_are_worse_and_better_ones_are_not(metric: str) -> None:
    random = np.random.default_rng(2)
    draw: Answers = amounts if metric in scores.REGRESSION else classes
    baseline = of(metric, random)

    def found(wrong: float) -> Performance:
        truth, answers = draw(random, 300, wrong)
        return labelled.measure(baseline, truth, answers, RULE, seed=0)

    same, worse, better = found(0.1), found(0.3), found(0.02)
    assert (same.state, same.worse) == ("measured", False)
    assert worse.worse
    assert worse.p is not None
    assert worse.p <= labelled.LEVEL
    assert not better.worse
    assert better.p is not None
    assert better.p > 0.5
    assert worse.baseline == pytest.approx(baseline.value)
    for one in (same, worse, better):
        assert one.low is not None
        assert one.value is not None
        assert one.high is not None
        assert one.low <= one.value <= one.high


def test_nothing_new_alarms_no_more_often_than_it_should() -> None:
    random = np.random.default_rng(1)
    p = []
    for number in range(400):
        baseline = of("accuracy", random, rows=90)
        found = labelled.measure(baseline, *classes(random, 60), RULE, seed=number)
        p.append(found.p or 0.0)
    for level in (0.01, 0.05, 0.2):
        # Three standard deviations above the level.
        assert np.mean(np.array(p) <= level) <= level + 3 * np.sqrt(level / 400)
    assert np.mean(np.array(p) <= 0.2) > 0.05


def test_only_rows_with_a_label_count() -> None:
    random = np.random.default_rng(2)
    baseline = of("accuracy", random)
    truth, answers = classes(random, 500)
    late = truth.astype(object)
    late[84:] = None
    few = labelled.measure(baseline, late, answers, MonitoringRule(min_labels=100), seed=0)
    assert few.state == "unknown"
    assert "84 of 500 rows have a label, 100 are needed" in few.reason
    assert few.baseline == pytest.approx(baseline.value)
    enough = labelled.measure(baseline, late, answers, RULE, seed=0)
    assert (enough.state, enough.rows) == ("measured", 84)
    assert enough.value == pytest.approx(np.mean(truth[:84] == answers[:84]))
    assert "84 of 500 rows have a label" in enough.reason
    with pytest.raises(ValueError, match="500 truths and 499"):
        labelled.measure(baseline, late, answers[1:], RULE, seed=0)


def test_a_loss_within_the_tolerance_is_none() -> None:
    random = np.random.default_rng(3)
    baseline = of("mse", random, rows=2000)
    truth, answers = amounts(random, 2000, wrong=0.13)
    strict = labelled.measure(baseline, truth, answers, RULE, seed=0)
    lax = labelled.measure(baseline, truth, answers, MonitoringRule(tolerance=2.0), seed=0)
    assert strict.worse
    assert not lax.worse
    assert lax.p == strict.p
    assert "within the tolerance" in lax.reason


@pytest.mark.parametrize(
    ("metric", "truth", "answer", "why"),
    [
        ("recall", 0, 0, "none among the rows"),
        ("f1", 0, 1, "none among the rows"),
        ("precision", 1, 0, "none among the rows"),
        ("balanced_accuracy", 1, 1, "only one among the rows"),
        ("r2", 3.0, 2.0, "there is none among the rows"),
        ("mse", "x", 2.0, "numbers are expected"),
    ],
)
def test_what_means_nothing_is_said_in_words(
    metric: str, truth: Any, answer: Any, why: str
) -> None:
    baseline = of(metric, np.random.default_rng(4))
    found = labelled.measure(baseline, [truth] * 60, [answer] * 60, RULE, seed=0)
    assert found.state == "unknown"
    assert why in found.reason
    assert "nan" not in found.model_dump_json().lower()


def test_a_baseline_that_means_nothing_is_said_so() -> None:
    random = np.random.default_rng(5)
    baseline = of("recall", random)
    without = baseline.take(baseline.truth == 0)
    found = labelled.measure(without, *classes(random, 60), RULE, seed=0)
    assert found.state == "unknown"
    assert "of the baseline" in found.reason


def test_all_right_is_measured() -> None:
    baseline = of("accuracy", np.random.default_rng(6))
    found = labelled.measure(baseline, [1] * 60, [1] * 60, RULE, seed=0)
    assert (found.value, found.worse) == (1.0, False)


def test_the_same_seed_says_the_same() -> None:
    random = np.random.default_rng(7)
    baseline, rows = of("mse", random), amounts(random, 100, 0.12)
    first, again = (labelled.measure(baseline, *rows, RULE, seed=5) for _ in range(2))
    assert first == again


def test_flags_and_whole_numbers_are_one() -> None:
    random = np.random.default_rng(8)
    baseline = of("accuracy", random)
    truth, answers = classes(random, 80)
    flags = [bool(value) for value in truth]
    found = labelled.measure(baseline, flags, answers, RULE, seed=0)
    assert found.value == pytest.approx(np.mean(truth == answers))


def test_only_cuts_that_mean_something_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    # Three rows of 40 are positive, the window's one is missed: one of the six ways to share them
    # so that both sides have some is as bad.
    monkeypatch.setattr(labelled, "ENOUGH", labelled.DRAWS + 1)
    baseline = of("recall", np.random.default_rng(9))
    truth = np.array([1, 1] + [0] * 18)
    held = baseline.take(np.arange(20))
    held = replace(held, truth=truth, answers=truth)
    rule = MonitoringRule(min_labels=20)
    found = labelled.measure(held, [1] + [0] * 19, [0] * 20, rule, seed=0)
    assert found.p == pytest.approx(1 / 6, abs=0.02)
