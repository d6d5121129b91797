"""A sweep's candidates: each tried on rows that are not held out, then ranked by one rule."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from kaizen.core import candidates
from kaizen.core.config import Config
from kaizen.core.errors import KaizenError
from kaizen.core.results import Candidate, Sweep
from kaizen.core.usecase import Report, UseCase
from kaizen.data.split import folds
from kaizen.evaluation import scores

if TYPE_CHECKING:
    import pandas as pd

METRIC = "sweep.metric"


def attempt(
    case: UseCase,
    params: Mapping[str, Any],
    chosen: Mapping[str, Any],
    train: pd.DataFrame,
    validation: pd.DataFrame,
    *,
    seed: int,
    number: int | None,
    by: str | None = None,
    report: Report,
) -> Candidate:
    """Train with ``params`` and score; what goes wrong is the candidate's reason, not an error.

    Args:
        params: all parameters.
        chosen: the part of them that makes this candidate.
        number: how many folds of ``train`` to score on; None for ``validation``.
        by: a column; rows with one value in it share a fold.
    """
    begun, clock = time.time(), time.monotonic()
    try:
        typed = case.Params.model_validate(params)
        found: list[dict[str, float]] = []
        for fit, judged in _pairs(train, validation, number, by, seed):
            at = f"fold {len(found) + 1}/{number}, " if number else ""

            def tell(text: str, at: str = at) -> None:
                report(f"{at}{text}")

            model = case.train(typed, fit, validation, seed, tell).model
            outputs = case.predict(model, case.features.decode(judged))
            found.append(scores.of(case, judged, outputs)[0])
        metrics, errors = _means(found)
    except Exception as error:
        reason = (
            str(error) if isinstance(error, KaizenError) else f"{type(error).__name__}: {error}"
        )
        result: dict[str, Any] = {"reason": " ".join(reason.split())}
    else:
        result = {"metrics": metrics, "errors": errors}
    seconds = time.monotonic() - clock
    return Candidate(params=dict(chosen), begun=begun, seconds=seconds, **result)


def ranked(case: UseCase, config: Config, tried: Sequence[Candidate]) -> Sweep:
    """The candidates by their metric, the best first; of equal ones the first comes first.

    Raises:
        UsageError: the metric is none of the use case's task.
    """
    metric, direction = rule(case, config)
    sign = 1 if direction == "lower" else -1
    done = sorted(
        (one for one in tried if metric in one.metrics), key=lambda one: sign * one.metrics[metric]
    )
    placed = [one.model_copy(update={"rank": at}) for at, one in enumerate(done, 1)]
    failed = [
        one if one.reason else one.model_copy(update={"reason": f"its answers have no {metric}"})
        for one in tried
        if metric not in one.metrics
    ]
    return Sweep(
        metric=metric,
        direction=direction,
        folds=config.folds,
        candidates=(*placed, *failed),
    )


def rule(case: UseCase, config: Config) -> tuple[str, Any]:
    """The metric that candidates are compared by, and which way it is better.

    Raises:
        UsageError: it is no metric of the use case's task.
    """
    own = config.sweep.metric if config.sweep else None
    metric = own or config.gate.metric
    return metric, scores.better(metric, case.task, METRIC if own else scores.GATE_METRIC)


def nothing_left(sweep: Sweep) -> KaizenError:
    """The error for a sweep of which every candidate has failed."""
    reasons = "; ".join(f"{candidates.in_words(one.params)}: {one.reason}" for one in sweep.failed)
    return KaizenError(f"none of {len(sweep.failed)} candidates could be trained ({reasons})")


def value_in_words(candidate: Candidate, metric: str) -> str:
    """A candidate's figure with its standard error: "2,987.1 ± 182.0"."""
    value = scores.in_words(candidate.metrics[metric])
    error = candidate.errors.get(metric)
    return value if error is None else f"{value} ± {scores.in_words(error)}"


def _pairs(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    number: int | None,
    by: str | None,
    seed: int,
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Rows to learn from, and rows to be scored on."""
    if number is None:
        if validation.empty:
            raise KaizenError("the validation part is empty: set sweep.folds, or bring more rows")
        yield train, validation
        return
    chosen = folds(train, number, str(seed), by)
    for fold in range(number):
        yield (
            train.loc[chosen != fold].reset_index(drop=True),
            train.loc[chosen == fold].reset_index(drop=True),
        )


def _means(found: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    known = set.intersection(*map(set, found))
    values = {name: [row[name] for row in found] for name in found[0] if name in known}
    for name, column in values.items():
        if not all(map(math.isfinite, column)):
            raise KaizenError(f"{name} is {column}: the model gives no usable answers")
    means = {name: fmean(column) for name, column in values.items()}
    if len(found) == 1:
        return means, {}
    root = math.sqrt(len(found))
    return means, {name: stdev(column) / root for name, column in values.items()}
