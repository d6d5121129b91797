"""What a model's answers are worth, by scikit-learn's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kaizen.core.errors import UsageError, unknown
from kaizen.core.settings import GateRule
from kaizen.core.usecase import Array, Outputs, Task, UseCase

if TYPE_CHECKING:
    import pandas as pd

Score = Callable[[Array, Array], float]
"""Truth (n,), or positions (n, d) of a clustering, and answer (n,) to one number."""

CLASSIFICATION = ("accuracy", "balanced_accuracy", "precision", "recall", "f1")
PROBABILITIES = ("roc_auc", "average_precision")
"""Besides those, where a classifier states probabilities."""
REGRESSION = ("mse", "rmse", "mae", "r2")
CLUSTERING = ("silhouette", "davies_bouldin", "calinski_harabasz", "inertia")
GATED = {
    "classification": CLASSIFICATION,
    "regression": REGRESSION,
    # Of the four the only one that is a mean over rows, and does not fall by making more segments.
    "clustering": ("silhouette",),
}
"""What the gate can judge each task by: functions of one answer per row."""
SWEPT = {**GATED, "classification": (*CLASSIFICATION, *PROBABILITIES)}
"""What candidates of a sweep can be compared by."""

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


def silhouettes(positions: Array, answer: Array) -> Array:
    """How much nearer each of n rows (n, d) is to its own segment than to the next, -1 to 1.

    0 where there is nothing to compare: one segment for all rows, or one for each.
    """
    if not _compared(answer):
        return np.zeros(len(answer))
    from sklearn.metrics import silhouette_samples

    return np.asarray(silhouette_samples(positions, answer), dtype=np.float64)


def _compared(answer: Array) -> bool:
    return 1 < len(np.unique(answer)) < len(answer)


def inertia(positions: Array, answer: Array) -> float:
    """Sum of squared distances of n rows (n, d) to the middle of their segment."""
    total = 0.0
    for segment in np.unique(answer):
        own = positions[answer == segment]
        total += float(np.sum((own - own.mean(axis=0)) ** 2))
    return total


SCORES: dict[str, Score] = {
    "accuracy": partial(_score, "accuracy_score"),
    "balanced_accuracy": _balanced_accuracy,
    **{name: partial(_per_class, name) for name in _PER_CLASS},
    "mse": partial(_score, "mean_squared_error"),
    "rmse": partial(_score, "root_mean_squared_error"),
    "mae": partial(_score, "mean_absolute_error"),
    "r2": partial(_score, "r2_score"),
    "silhouette": lambda positions, answer: float(np.mean(silhouettes(positions, answer))),
    "davies_bouldin": partial(_score, "davies_bouldin_score"),
    "calinski_harabasz": partial(_score, "calinski_harabasz_score"),
    "inertia": inertia,
}


GATE_METRIC = "gate.metric"
LOWER_IS_BETTER = ("mse", "rmse", "mae", "davies_bouldin", "inertia")


def check(rule: GateRule, task: Task) -> None:
    """Whether the gate can judge by ``rule``, asked before anything is trained.

    Raises:
        UsageError: the metric is none of ``task``, or the direction is not the metric's.
    """
    due = better(rule.metric, task)
    if rule.direction != due:
        raise UsageError(f"gate.direction is {rule.direction!r}: {due} is better for {rule.metric}")


def better(metric: str, task: Task, key: str = GATE_METRIC) -> Literal["higher", "lower"]:
    """Which way ``metric`` is better.

    Args:
        key: the setting that names it, for the error.

    Raises:
        UsageError: it is no metric of ``task``; the nearest one is offered.
    """
    names = (GATED if key == GATE_METRIC else SWEPT)[task]
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


def evaluate(
    task: Task,
    truth: Array,
    answer: Array,
    positive: Any = None,
    probabilities: Array | None = None,
    labels: Sequence[Any] = (),
) -> dict[str, float]:
    """Every score of ``task`` that exists for these n answers, by name.

    Args:
        positive: the class precision, recall and f1 are about; None takes the mean over classes.
        probabilities: of the classes ``labels``, shape (n, classes), if they are stated.
    """
    if task == "clustering" and not _compared(answer):
        return {}
    names = {"classification": CLASSIFICATION, "regression": REGRESSION, "clustering": CLUSTERING}
    found = {name: float(score(name, positive)(truth, answer)) for name in names[task]}
    if probabilities is not None:
        found |= _ranked(truth, probabilities, labels, positive)
    return found


def _ranked(
    truth: Array, probabilities: Array, labels: Sequence[Any], positive: Any
) -> dict[str, float]:
    """The scores of probabilities: of the class ``positive``, or the mean of each class's own.

    A class that every row or no row has cannot be ranked and has no say; where none can be, there
    are no scores.
    """
    chosen = [positive] if positive is not None else list(labels)
    ranks = [
        (truth == label, probabilities[:, list(labels).index(label)])
        for label in chosen
        if 0 < np.count_nonzero(truth == label) < len(truth)
    ]
    return {
        name: float(np.mean([_score(f"{name}_score", is_it, rank) for is_it, rank in ranks]))
        for name in PROBABILITIES
        if ranks
    }


def of(case: UseCase, rows: pd.DataFrame, outputs: Outputs) -> tuple[dict[str, float], Array]:
    """Every score of what a model put out for n ``rows``, and its answers (n,)."""
    answers = case.features.answer(outputs)
    probabilities = case.features.probabilities(outputs)
    found = evaluate(
        case.task, case.truth(rows), answers, case.positive, probabilities, case.labels
    )
    return found, answers


def in_words(value: float) -> str:
    """A score as people read it: 0.9815, 3,295.7, 0.01234."""
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.4g}"
