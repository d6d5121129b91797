"""The scores of ``kaizen.evaluation.scores`` on many weightings of the same rows at once.

Each score is a function of sums over rows, so a draw of the bootstrap is one weight per row and
all draws together one matrix product. Scoring each draw by scikit-learn gives the same numbers
(a test proves it) and takes 200 times as long. The silhouette alone differs, see :func:`scorer`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen.core.usecase import Array
from kaizen.evaluation import scores

Floats = NDArray[np.float64]
Draws = Callable[[Floats], Floats]
"""Weights (draws, n), how often each row was drawn, to the score (draws,) of each draw."""


def scorer(metric: str, truth: Array, answer: Array, positive: Any = None) -> Draws:
    """The score of one model's ``answer`` (n,) on any draw of rows.

    A row's silhouette is that among all rows: a draw says which rows are looked at, not how far
    the segments are from each other.

    On a draw where the score does not exist (r2 of equal truths) it is NaN.
    """
    if metric in ("precision", "recall", "f1", "balanced_accuracy"):
        return _per_class(metric, truth, answer, positive)
    if metric == "accuracy":
        return _mean((truth == answer).astype(float))
    if metric == "silhouette":
        return _mean(scores.silhouettes(truth, answer))
    error = answer.astype(float) - truth.astype(float)
    if metric == "r2":
        return _r2(truth.astype(float), error**2)
    if metric == "mae":
        return _mean(np.abs(error))
    mse = _mean(error**2)
    return mse if metric == "mse" else lambda weights: np.sqrt(mse(weights))


def _mean(rows: Floats) -> Draws:
    return lambda weights: weights @ rows / weights.sum(axis=1)


def _r2(truth: Floats, squared: Floats) -> Draws:
    # Centred, so that the variance is not a small difference of large sums.
    centred = truth - truth.mean()

    def score(weights: Floats) -> Floats:
        spread = weights @ centred**2 - (weights @ centred) ** 2 / weights.sum(axis=1)
        spread[spread <= 1e-12 * np.sum(centred**2)] = np.nan
        return 1 - weights @ squared / spread

    return score


def _per_class(metric: str, truth: Array, answer: Array, positive: Any) -> Draws:
    about = positive is not None and metric != "balanced_accuracy"
    classes = [positive] if about else sorted({*truth.tolist(), *answer.tolist()})
    true = np.stack([truth == label for label in classes], axis=1).astype(float)
    said = np.stack([answer == label for label in classes], axis=1).astype(float)

    def score(weights: Floats) -> Floats:
        hits, trues, answers = weights @ (true * said), weights @ true, weights @ said
        whole = {"precision": answers, "f1": (trues + answers) / 2}.get(metric, trues)
        each = np.divide(hits, whole, out=np.zeros_like(hits), where=whole > 0)
        # A class absent from a draw has no say there, unless the score is about it.
        counted = trues > 0 if metric == "balanced_accuracy" else trues + answers > 0
        counted |= about
        return (each * counted).sum(axis=1) / counted.sum(axis=1)

    return score
