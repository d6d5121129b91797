"""Label shift: weights that give the reference the window's mix of classes.

Where only the shares of the true classes change, rows of one class stay as they were, and so does
what the model answers to them. The new shares then follow from the answers (Saerens, Latinne and
Decaestecker 2002; Lipton, Wang and Smola 2018), and with them how much each known row should
count: all that the inputs of a row say of its class is in the model's answer and its confidence,
as far as the model is good (Rosenbaum and Rubin 1983).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kaizen.monitoring.drift import quality
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.reference import Ints
from kaizen.monitoring.drift.statistics import Floats
from kaizen.monitoring.performance.baseline import Baseline

CONFIDENCE = "confidence"
BINS, AMOUNTS = 4, 10
"""Bins of the confidence within each class, and of an answer that is a number."""

TRUTHS = 5
"""Bins of a truth that is a number."""

LEAST = 40
"""Rows of a class whose confidence is told apart."""

STEPS = 500


@dataclass(frozen=True)
class _Answers:
    """Answers of rows as columns: the class as text or None, and a number or None."""

    classes: Ints | None
    numbers: Floats | None

    @property
    def rows(self) -> int:
        return len(self.numbers if self.numbers is not None else self.classes)  # type: ignore[arg-type]


def importance_weights(
    profile: Profile, baseline: Baseline | None, window: pd.DataFrame, answers: Sequence[str]
) -> Floats | None:
    """Importance weights of the reference's rows (rows,) for the window's mix of classes.

    Args:
        baseline: how true classes and answers go together; without one an answer counts as true.
        answers: names of the columns that are predictions.

    Returns:
        None where the profile knows no such columns.
    """
    known = profile.reference
    kind = next((name for name in answers if name in known.categories), None)
    amount = CONFIDENCE if CONFIDENCE in answers else next(iter(answers), "")
    number = amount if amount in known.numbers else None
    read = [name for name in (kind, number) if name is not None]
    if not read or any(name not in window for name in read):
        return None
    classes = () if kind is None else known.classes[known.categories.index(kind)]
    own = _Answers(
        None if kind is None else known.labels[:, known.categories.index(kind)],
        None if number is None else known.values[:, known.numbers.index(number)],
    )
    seen = _Answers(
        None if kind is None else _places(quality.keys(window[kind]).tolist(), classes),
        None if number is None else quality.numbers(window[number]),
    )
    edges = _edges(own, len(classes))
    at, asked = _bins(own, edges), _bins(seen, edges)
    size = int(max(at.max(), asked.max())) + 1
    before = np.bincount(at, minlength=size) / len(at)
    now = np.bincount(asked, minlength=size) / len(asked)
    held = None if baseline is None else _held(baseline, classes, number)
    if baseline is None or held is None:
        truths = np.eye(size)
    else:
        truths = _truths(baseline, _bins(held, edges), size)
    return (truths @ _shares(truths, before, now))[at]


def _places(values: Sequence[str], classes: tuple[str, ...]) -> Ints:
    places = {value: place for place, value in enumerate(classes)}
    return np.array([places.get(value, len(classes)) for value in values], dtype=np.int64)


def _edges(own: _Answers, classes: int) -> list[Floats]:
    """Per class, edges of its bins; none where there are no numbers, or few rows."""
    if own.classes is None or own.numbers is None:
        return [_quantiles(own.numbers, AMOUNTS)] if own.numbers is not None else []
    found = [own.numbers[own.classes == at] for at in range(classes)]
    return [_quantiles(part, BINS if len(part) >= LEAST else 1) for part in found]


def _quantiles(values: Floats, bins: int) -> Floats:
    return np.unique(np.quantile(values, np.arange(1, bins) / bins)) if bins > 1 else np.empty(0)


def _bins(answers: _Answers, edges: list[Floats]) -> Ints:
    """Positions of the bins of answers (n,)."""
    if answers.classes is None and answers.numbers is not None:
        return np.searchsorted(edges[0], answers.numbers, side="right").astype(np.int64)
    kinds = np.asarray(answers.classes)
    place = np.zeros(len(kinds), dtype=np.int64)
    if answers.numbers is not None:
        for at, limits in enumerate(edges):
            own = kinds == at
            place[own] = np.searchsorted(limits, answers.numbers[own], side="right")
    return kinds * BINS + place


def _held(baseline: Baseline, classes: tuple[str, ...], number: str | None) -> _Answers | None:
    """The baseline's answers as the profile's columns have them; None where they are others."""
    if baseline.task == "regression":
        return _Answers(None, baseline.answers.astype(float)) if number and not classes else None
    said = _places(quality.keys(pd.Series(baseline.answers)).tolist(), classes)
    if number is None:
        return _Answers(said, None) if classes else None
    if baseline.probabilities is None or number != CONFIDENCE or not classes:
        return None
    return _Answers(said, baseline.probabilities.max(axis=1))


def _truths(baseline: Baseline, bins: Ints, size: int) -> Floats:
    """How probable each true class is for an answer in each bin, (bins, classes)."""
    truth = baseline.truth
    if baseline.task == "regression":
        truth = np.searchsorted(_quantiles(truth.astype(float), TRUTHS), truth, side="right")
    codes = np.unique(truth, return_inverse=True)[1]
    table = np.zeros((size, int(codes.max()) + 1))
    known = bins < size
    np.add.at(table, (bins[known], codes[known]), 1.0)
    # One row's worth of the usual mix, so that an empty bin says nothing.
    table += np.bincount(codes) / len(codes)
    return table / table.sum(axis=1, keepdims=True)


def _shares(truths: Floats, before: Floats, now: Floats) -> Floats:
    """How much more frequent each class has become, (classes,): the likeliest, by EM."""
    usual = before @ truths
    found = np.ones(truths.shape[1])
    for _ in range(STEPS):
        of_bin = truths * found
        of_bin /= np.maximum(of_bin.sum(axis=1, keepdims=True), 1e-12)
        new = (now @ of_bin) / np.maximum(usual, 1e-12)
        if np.abs(new - found).max() < 1e-6:
            break
        found = new
    return found
