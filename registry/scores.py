"""What a model's answers are worth, by scikit-learn's names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kaizen.config import GateRule
from kaizen.errors import UsageError, unknown
from kaizen.usecase import Array, Outputs, Task, UseCase

if TYPE_CHECKING:
    import pandas as pd

Score = Callable[[Array, Array], float]
"""Truth (n,) and answer (n,) to one number."""

CLASSIFICATION = ("accuracy", "balanced_accuracy", "precision", "recall", "f1")
REGRESSION = ("mse", "rmse", "mae", "r2")

_PER_CLASS = {"precision": "precision_score", "recall": "recall_score", "f1": "f1_score"}


def _score(function: str, truth: Array, answer: Array, **options: Any) -> float:
    """A function of ``sklearn.metrics``, imported only when something is scored: 0.8 s."""
    from sklearn import metrics

    return float(getattr(metrics, function)(truth, answer, **options))


def _per_class(name: str, truth: Array, answer: Array, positive: Any = None) -> float:
    """Mean over the classes, or the figure of the class ``positive`` alone."""
    labels = None if positive is None else [positive]
    options = {"labels": labels, "average": "macro", "zero_division": 0}
    return _score(_PER_CLASS[name], truth, answer, **options)


def _balanced_accuracy(truth: Array, answer: Array) -> float:
    # scikit-learn's own warns of every class that is answered and not true; the number is this.
    options = {"labels": np.unique(truth), "average": "macro", "zero_division": 0}
    return _score("recall_score", truth, answer, **options)


SCORES: dict[str, Score] = {
    "accuracy": partial(_score, "accuracy_score"),
    "balanced_accuracy": _balanced_accuracy,
    **{name: partial(_per_class, name) for name in _PER_CLASS},
    "mse": partial(_score, "mean_squared_error"),
    "rmse": partial(_score, "root_mean_squared_error"),
    "mae": partial(_score, "mean_absolute_error"),
    "r2": partial(_score, "r2_score"),
}


LOWER_IS_BETTER = ("mse", "rmse", "mae")


def check(rule: GateRule, task: Task) -> None:
    """Whether the gate can judge by ``rule``, asked before anything is trained.

    Raises:
        UsageError: the metric is none of ``task``, or the direction is not the metric's.
    """
    due = better(rule.metric, task)
    if rule.direction != due:
        raise UsageError(f"gate.direction is {rule.direction!r}: {due} is better for {rule.metric}")


def better(metric: str, task: Task, key: str = "gate.metric") -> Literal["higher", "lower"]:
    """Which way ``metric`` is better.

    Args:
        key: the setting that names it, for the error.

    Raises:
        UsageError: it is no metric of ``task``; the nearest one is offered.
    """
    names = CLASSIFICATION if task == "classification" else REGRESSION
    if metric not in names:
        raise unknown(f"metric of a {task} ({key})", metric, names)
    return "lower" if metric in LOWER_IS_BETTER else "higher"


def score(metric: str, positive: Any = None) -> Score:
    """The score named ``metric``; precision, recall and f1 are about ``positive`` when given.

    Raises:
        UsageError: there is no such metric; the nearest one is offered.
    """
    if metric not in SCORES:
        raise unknown("metric", metric, SCORES)
    if positive is not None and metric in _PER_CLASS:
        return partial(_per_class, metric, positive=positive)
    return SCORES[metric]


def evaluate(task: Task, truth: Array, answer: Array, positive: Any = None) -> dict[str, float]:
    """Every score of ``task`` for n answers, by name.

    Args:
        positive: the class precision, recall and f1 are about; None takes the mean over classes.
    """
    names = CLASSIFICATION if task == "classification" else REGRESSION
    return {name: float(score(name, positive)(truth, answer)) for name in names}


def of(case: UseCase, rows: pd.DataFrame, outputs: Outputs) -> tuple[dict[str, float], Array]:
    """Every score of what a model put out for n ``rows``, and its answers (n,)."""
    answers = case.features.answer(outputs)
    truth = rows[case.target].to_numpy()
    return evaluate(case.task, truth, answers, case.positive), answers


def in_words(value: float) -> str:
    """A score as people read it: 0.9815, 3,295.7, 0.01234."""
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.4g}"
