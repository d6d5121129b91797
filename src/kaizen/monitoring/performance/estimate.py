"""Performance estimated from the model's own probabilities, while no label has come.

Confidence-based performance estimation (Białek, Kuberski, Perrakis and Bifet 2024): what a model
says of its own answers, calibrated on rows whose truth is known (isotonic regression of each class,
Zadrozny and Elkan 2002), is how often it is right on average. That holds while what is asked lies
where the model has learnt and the same inputs mean the same; who asks must know that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen.core.usecase import Array
from kaizen.evaluation import resampled_scores, scores
from kaizen.evaluation.resampled_scores import Floats
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.measured import Performance, unknown

LEAST_ROWS = 50
"""Rows of a baseline that can be calibrated on."""

DRAWS = 200

Ints = NDArray[np.int64]


def estimate(
    baseline: Baseline,
    answers: Sequence[Any] | Array,
    probabilities: Array | None,
    supported: tuple[bool, str],
    seed: int,
) -> Performance:
    """The metric that a window's answers probably have.

    Args:
        answers, probabilities: (n,) and (n, classes), as the model gave them.
        supported: whether the window lies where the model has learnt, and if not, why.

    The interval is where the figure will lie, 95 of 100 times, when every row has its label: it
    holds the luck of the rows' truths and of the baseline's.
    """
    known, metric = baseline.probabilities, baseline.metric

    def nothing(why: str) -> Performance:
        value = float(baseline.value)
        return unknown(
            f"not estimated: {why}",
            metric,
            baseline.direction,
            baseline=value if np.isfinite(value) else None,
            rows=len(answers),
        )

    if baseline.task != "classification":
        return nothing("only a classifier says how sure it is; labels would tell")
    if known is None or probabilities is None:
        return nothing("the model states no probabilities; labels would tell")
    if not supported[0]:
        return nothing(supported[1])
    if min(baseline.rows, len(answers)) < LEAST_ROWS:
        return nothing(
            f"{baseline.rows:,} rows of the baseline and {len(answers):,} of the window, "
            f"{LEAST_ROWS} of each are needed"
        )
    stated = np.asarray(probabilities, float)
    if stated.shape != (len(answers), len(baseline.labels)) or not np.isfinite(stated).all():
        return nothing(
            f"probabilities have shape {stated.shape} or are not finite: expected "
            f"({len(answers):,}, {len(baseline.labels)})"
        )
    places = {label: at for at, label in enumerate(baseline.labels)}
    try:
        said = _places(places, np.asarray(answers).tolist())
        truth = _places(places, baseline.truth.tolist())
    except KeyError as error:
        return nothing(f"{error.args[0]!r} is no class of the model")
    random = np.random.default_rng([seed, len(said)])
    calibration = Calibration(truth, known)
    value = _score(baseline, _shares(calibration(stated), said)[None])[0]
    drawn: list[Floats] = []
    for _ in range(DRAWS):
        rows = random.integers(baseline.rows, size=baseline.rows)
        weights = np.bincount(rows, minlength=baseline.rows).astype(float)
        true = _drawn(random, calibration(stated, weights))
        drawn.append(_shares(np.eye(len(places))[true], said))
    found = _score(baseline, np.stack(drawn))
    low, high = np.quantile(found[np.isfinite(found)], [0.025, 0.975])
    if not np.isfinite(value):
        return nothing(f"{metric} means nothing of such answers")
    loss = (baseline.value - value) * (1 if baseline.direction == "higher" else -1)
    worse = loss > 0 and not low <= baseline.value <= high
    return Performance(
        state="estimated",
        metric=metric,
        direction=baseline.direction,
        value=float(value),
        low=float(low),
        high=float(high),
        baseline=float(baseline.value),
        rows=len(said),
        worse=bool(worse),
        reason=f"{metric} is probably {scores.in_words(value)} ({scores.in_words(low)} to "
        f"{scores.in_words(high)}) beside {scores.in_words(baseline.value)} before; "
        "from the model's own probabilities, no label was looked at",
    )


class Calibration:
    """How often each class is true where the model states a probability.

    Args:
        truth: positions of the true classes (n,).
        known: what the model stated of these rows, (n, k).
    """

    def __init__(self, truth: Ints, known: Floats) -> None:
        self.classes = known.shape[1]
        # The second of two is one less the first.
        self.columns = [1] if self.classes == 2 else list(range(self.classes))
        self._hits = [(truth == column).astype(float) for column in self.columns]
        self._steps = [np.unique(known[:, at], return_inverse=True) for at in self.columns]

    def __call__(self, stated: Floats, weights: Floats | None = None) -> Floats:
        """Probabilities ``stated`` (m, k) as they should be, rows weighted by ``weights`` (n,)."""
        found = np.column_stack(
            [self._column(at, stated[:, column], weights) for at, column in enumerate(self.columns)]
        )
        if self.classes == 2:
            return np.hstack([1 - found, found])
        total = found.sum(axis=1, keepdims=True)
        # Where no class is probable, nothing but what the model says is known.
        return np.where(total > 0, found / np.where(total > 0, total, 1), stated)

    def _column(self, at: int, stated: Floats, weights: Floats | None) -> Floats:
        from sklearn.isotonic import isotonic_regression

        (steps, place), hits = self._steps[at], self._hits[at]
        rows = np.bincount(place, weights)
        held = rows > 0
        shares = np.bincount(place, hits if weights is None else hits * weights)[held] / rows[held]
        curve = isotonic_regression(shares, sample_weight=rows[held], y_min=0, y_max=1)
        found: Floats = np.interp(stated, steps[held], curve)
        return found


def _places(places: dict[Any, int], values: list[Any]) -> Ints:
    return np.array([places[value] for value in values], dtype=np.int64)


def _drawn(random: np.random.Generator, shares: Floats) -> Ints:
    """A class for each row, by its probabilities (n, k)."""
    beyond = random.random(len(shares))[:, None] > np.cumsum(shares, axis=1)[:, :-1]
    found: Ints = beyond.sum(axis=1)
    return found


def _shares(truth: Floats, said: Ints) -> Floats:
    """Rows of each truth and answer (k · k,), of truths as probabilities (n, k)."""
    k = truth.shape[1]
    return (truth.T @ np.eye(k)[said]).ravel()


def _score(baseline: Baseline, counts: Floats) -> Floats:
    """The baseline's metric on counts of truths and answers (draws, k · k)."""
    k = len(baseline.labels)
    truth, said = np.divmod(np.arange(k * k), k)
    positive = None if baseline.positive is None else baseline.labels.index(baseline.positive)
    return resampled_scores.scorer(baseline.metric, truth, said, positive)(counts)
