"""Performance measured by labels: is it worse than the baseline's, with known false alarms.

Where nothing has changed, rows of the window and of the baseline are drawn alike, so any cut of all
of them in two is as likely as the real one (Fisher 1935; Pitman 1937): p is the rank of the loss
among cuts. That holds for every metric and every size, tails and rare classes included.

A classifier's metric depends on how many rows have which truth and answer, so a cut is drawn as
counts (multivariate hypergeometric), whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.usecase import Array
from kaizen.evaluation import resampled_scores, scores
from kaizen.evaluation.resampled_scores import Floats
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.measured import Performance, unknown

LEVEL = 0.003
"""P at which a loss is beyond chance: with the drift check's 0.006 under 1 % together."""

DRAWS = 4_999
ENOUGH = 50
"""Cuts with a loss as large after which no more are drawn."""

RESAMPLES = 1_999
MOST_ROWS = 10_000
"""Labelled rows of a regression that are looked at; of more, so many are drawn."""

_BLOCK = 4_000_000
"""Weights held at once (32 MB)."""


def measure(
    baseline: Baseline,
    truth: Sequence[Any] | Array,
    answers: Sequence[Any] | Array,
    rule: MonitoringRule,
    seed: int,
) -> Performance:
    """The metric of a window's labelled rows beside the baseline's.

    Args:
        truth: (n,), None or NaN where a row has no label.
        answers: (n,), of all rows.
        rule: how many labels are needed, and which relative loss is still none.

    Raises:
        ValueError: truth and answers differ in length.
    """
    if len(truth) != len(answers):
        raise ValueError(f"{len(truth):,} truths and {len(answers):,} answers: one each per row")
    truths, said = np.asarray(truth, dtype=object), np.asarray(answers, dtype=object)
    known = ~np.asarray(pd.isna(truths), dtype=bool)
    rows = int(known.sum())
    share = f"{rows:,} of {len(known):,} rows have a label"

    def nothing(why: str) -> Performance:
        metric, direction, value = baseline.metric, baseline.direction, _finite(baseline.value)
        return unknown(why, metric, direction, baseline=value, rows=rows)

    if rows < rule.min_labels:
        return nothing(f"{share}, {rule.min_labels:,} are needed: wait, or send more labels")
    try:
        sides = baseline.alike(truths[known].tolist()), baseline.alike(said[known].tolist())
    except ValueError as error:
        return nothing(f"{share}, but labels and answers cannot be compared: {error}")
    sides, share = _most(baseline, sides, share, seed)
    cells, window, reference = _cells(baseline, *sides)
    score, exists = _scorer(baseline, *cells)
    value, before = (float(score(counts[None])[0]) for counts in (window, reference))
    for side, found, counts in (("", value, window), (" of the baseline", before, reference)):
        if not exists(counts[None])[0] or not np.isfinite(found):
            return nothing(f"{share}, but {_why_none(baseline)}{side}")
    random = np.random.default_rng([seed, rows])
    low, high = _interval(score, exists, window, random)
    sign = 1.0 if baseline.direction == "higher" else -1.0
    loss = sign * (before - value)
    p = _rank(loss, (sign * part for part in _cuts(score, exists, window, reference, random)))
    beyond = loss > rule.tolerance * abs(before)
    worse = p <= LEVEL and loss > 0 and beyond
    figures = f"{baseline.metric} {scores.in_words(value)} ({scores.in_words(low)} to "
    figures += f"{scores.in_words(high)}) beside {scores.in_words(before)} before"
    verdict = "worse" if worse else "worse, within the tolerance" if p <= LEVEL else "not worse"
    return Performance(
        state="measured",
        metric=baseline.metric,
        direction=baseline.direction,
        value=value,
        low=low,
        high=high,
        baseline=before,
        rows=rows,
        p=p,
        worse=worse,
        reason=f"{verdict}: {figures} (p = {p:.2g}); {share}",
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _most(
    baseline: Baseline, sides: tuple[Array, Array], share: str, seed: int
) -> tuple[tuple[Array, Array], str]:
    """The rows to look at, and what to say of them."""
    rows = len(sides[0])
    if baseline.task == "classification" or rows <= MOST_ROWS:
        return sides, share
    drawn = np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False)
    return (sides[0][drawn], sides[1][drawn]), f"{share}, of which {MOST_ROWS:,} were drawn"


Exists = Callable[[Floats], NDArray[np.bool_]]
"""Counts (draws, cells) to whether the metric means anything there, (draws,)."""


def _cells(
    baseline: Baseline, truth: Array, answers: Array
) -> tuple[tuple[Array, Array], Floats, Floats]:
    """Truth and answer of each cell, and how many rows of window and baseline are in it.

    A cell is a pair of truth and answer where these are classes, else a row.
    """
    truths = np.concatenate([truth, baseline.truth])
    said = np.concatenate([answers, baseline.answers])
    inside = np.arange(len(truths)) < len(truth)
    if baseline.task != "classification":
        return (truths, said), inside.astype(float), (~inside).astype(float)
    classes, codes = np.unique(np.concatenate([truths, said]), return_inverse=True)
    pairs = codes[: len(truths)] * len(classes) + codes[len(truths) :]
    cells, place = np.unique(pairs, return_inverse=True)
    window = np.bincount(place[inside], minlength=len(cells)).astype(float)
    reference = np.bincount(place[~inside], minlength=len(cells)).astype(float)
    return (classes[cells // len(classes)], classes[cells % len(classes)]), window, reference


def _scorer(
    baseline: Baseline, truth: Array, answers: Array
) -> tuple[resampled_scores.Draws, Exists]:
    """The metric on any counts of the cells, and whether it means anything there."""
    metric, positive = baseline.metric, baseline.positive
    score = resampled_scores.scorer(metric, truth, answers, positive)
    per_class = metric in ("precision", "recall", "f1")
    if per_class and positive is not None:
        about = (answers if metric == "precision" else truth) == positive
        return score, lambda counts: counts @ about > 0
    if per_class or metric == "balanced_accuracy":
        hot = truth[:, None] == np.unique(truth)
        return score, lambda counts: (counts @ hot > 0).sum(axis=1) > 1
    return score, lambda counts: counts.sum(axis=1) > 0


def _why_none(baseline: Baseline) -> str:
    """Why the metric says nothing of such rows."""
    metric, positive = baseline.metric, baseline.positive
    if metric == "r2":
        return "r2 compares with the spread of the truth, and there is none among the rows"
    if metric == "precision" and positive is not None:
        return f"precision is about rows answered {positive!r}, and there is none among the rows"
    if metric in ("recall", "f1") and positive is not None:
        return f"{metric} is about rows that are {positive!r}, and there is none among the rows"
    return f"{metric} compares classes, and there is only one among the rows"


def _interval(
    score: resampled_scores.Draws, exists: Exists, window: Floats, random: np.random.Generator
) -> tuple[float, float]:
    """Two-sided 95 % of the window's metric: percentiles of the bootstrap (Efron 1979)."""
    held = np.flatnonzero(window)
    drawn: list[Floats] = []
    block = max(1, _BLOCK // len(window))
    for start in range(0, RESAMPLES, block):
        counts = np.zeros((min(block, RESAMPLES - start), len(window)))
        counts[:, held] = _resampled(random, window[held], len(counts))
        drawn.append(_where(score, exists, counts))
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return float(low), float(high)


def _resampled(random: np.random.Generator, counts: Floats, draws: int) -> Floats:
    """How often each cell is drawn when all rows are drawn anew, (draws, cells)."""
    rows = int(counts.sum())
    if rows > len(counts):
        return random.multinomial(rows, counts / rows, size=draws).astype(float)
    # A row each: the same, and faster.
    at = random.integers(rows, size=(draws, rows)) + rows * np.arange(draws)[:, None]
    return np.bincount(at.ravel(), minlength=draws * rows).reshape(draws, rows).astype(float)


def _rank(loss: float, drawn: Iterable[Floats]) -> float:
    """How likely a loss as large is among cuts, which are drawn until :data:`ENOUGH` are.

    Exact however early that is (Besag and Clifford 1991).
    """
    seen = higher = 0
    for part in drawn:
        as_large = part >= loss - 1e-12
        if higher + as_large.sum() >= ENOUGH:
            last = int(np.flatnonzero(as_large)[ENOUGH - higher - 1])
            return ENOUGH / (seen + last + 1)
        higher += int(as_large.sum())
        seen += len(part)
    return (1 + higher) / (1 + seen)


def _cuts(
    score: resampled_scores.Draws,
    exists: Exists,
    window: Floats,
    reference: Floats,
    random: np.random.Generator,
) -> Iterator[Floats]:
    """Baseline's metric less the window's, in cuts of all rows where both mean something."""
    total, m = (window + reference).astype(np.int64), int(window.sum())
    classes = bool(total.max() > 1)
    block = DRAWS if classes else 250
    for start in range(0, DRAWS, block):
        size = min(block, DRAWS - start)
        if classes:
            counts = random.multivariate_hypergeometric(total, m, size=size, method="marginals")
            inside = counts.astype(float)
        else:
            inside = np.zeros((size, len(total)))
            for row in inside:
                row[random.choice(len(total), m, replace=False, shuffle=False)] = 1
        rest = total - inside
        both = exists(inside) & exists(rest)
        found = score(rest[both]) - score(inside[both])
        yield found[np.isfinite(found)]


def _where(score: resampled_scores.Draws, exists: Exists, counts: Floats) -> Floats:
    """The metric of the draws in which it means something."""
    found = score(counts[exists(counts)])
    return found[np.isfinite(found)]
