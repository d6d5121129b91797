"""The reference's rows in the form that windows are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaizen.monitoring.drift import statistics
from kaizen.monitoring.drift.statistics import Floats

EDGES = 128
"""Bin edges of a column of numbers; the distance in bins misses the exact one by 1/128 at most."""

FREQUENCIES = 64
"""Random frequencies of the kernel, a cosine and a sine each."""

MOST_CLASSES_JOINTLY = 30
"""Categories of a column that enter the joint test; more would drown what goes together."""

MOST_PAIRED = 24
"""Columns of numbers whose products, two by two, are compared: the first ones (276 pairs)."""

CLIP = 4.0
"""Standard deviations beyond which a number counts as this far in the joint test."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """Rows without drift, and what follows from them alone.

    Attributes:
        numbers, categories: names of columns; ``signals`` are those of ``numbers`` whose high
            (+1) or low (-1) values mean that a row is unlike any seen.
        values: (n, numbers) float64, missing ones NaN.
        labels: (n, categories), positions in ``classes``.
        classes: per column of categories its values, sorted.
        edges: (numbers, EDGES), ascending, padded with inf; the last finite one is the maximum.
        centre, spread: (numbers,) to standardise by.
        frequencies: (standardised and one-hot columns, FREQUENCIES).
        anchors: (a, d) embeddings that distances are measured from; none of them is in ``values``.
    """

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    signals: dict[str, int]
    classes: tuple[tuple[str, ...], ...]
    values: Floats
    labels: Ints
    edges: Floats
    centre: Floats
    spread: Floats
    frequencies: Floats
    anchors: NDArray[np.float32]

    @property
    def rows(self) -> int:
        return max(len(self.values), len(self.labels))

    @cached_property
    def sorted(self) -> Floats:
        """``values``, each column by itself ascending, missing ones last."""
        return np.sort(self.values, axis=0)

    @cached_property
    def scores(self) -> list[Floats]:
        """Per signal, the sorted scores of the reference."""
        return [np.sort(self._score(name, self.values)) for name in self.signals]

    @cached_property
    def oddities(self) -> Floats:
        """The reference's own oddity, sorted."""
        return np.sort(self.oddity(self.values, own=True))

    @property
    def width(self) -> int:
        """Bins of a column of numbers: missing, up to each edge, beyond the last."""
        return EDGES + 2

    @property
    def breadth(self) -> int:
        """Bins of a column of categories: each known one, and all others."""
        return max((len(known) for known in self.classes), default=0) + 1

    def bins(self, values: Floats) -> Ints:
        """Positions of the bins (n, numbers)."""
        found = np.zeros(values.shape, dtype=np.int64)
        for at in range(values.shape[1]):
            column = values[:, at]
            beyond = 1 + np.searchsorted(self.edges[at], column, side="left")
            last = 1 + int(np.isfinite(self.edges[at]).sum())
            found[:, at] = np.where(np.isnan(column), 0, np.minimum(beyond, last))
        return found

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """Positions of the two columns of each pair."""
        return np.triu_indices(min(len(self.numbers), MOST_PAIRED), 1)

    def features(self, values: Floats, labels: Ints, *, own: bool = False) -> NDArray[np.float32]:
        """What joint tests take means of: one row of figures for each row.

        Random features, products of pairs of rank scores, their squares, and the row's novelty,
        for which ``own`` says that the rows are the reference's.
        """
        rows = joint(values, labels, self.centre, self.spread, self.classes)
        left, right = self.pairs
        ranks = self.ranks(values).astype(np.float32)
        products = ranks[:, left] * ranks[:, right]
        parts = [
            statistics.fourier(rows, self.frequencies),
            products,
            products**2,
        ]
        if self.signals:
            parts.append(self.novelty(values, own=own)[:, None].astype(np.float32))
        return np.hstack(parts)

    def means(self, sums: Floats) -> dict[str, Floats]:
        """Means of :meth:`features`, (b, features), by the test that uses them."""
        edge, pairs = 2 * FREQUENCIES, len(self.pairs[0])
        found = {"mmd": sums[:, :edge]}
        if pairs:
            found["pairs"] = sums[:, edge : edge + pairs]
            found["squares"] = sums[:, edge + pairs : edge + 2 * pairs]
        if self.signals:
            found["novelty"] = sums[:, -1]
        return found

    def ranks(self, values: Floats) -> Floats:
        """Where in the reference each number stands, -√3 to √3, 0 where it is missing."""
        return np.take_along_axis(self.scale_of_ranks, self.bins(values).T, axis=1).T

    @cached_property
    def scale_of_ranks(self) -> Floats:
        """Rank score of each bin, (numbers, width): mean 0 and variance 1 over the reference."""
        counts = _counted(self.bins(self.values), self.width)[0]
        counts[:, 0] = 0
        upto = np.cumsum(counts, axis=1)
        found = np.sqrt(12) * ((upto - counts / 2) / np.maximum(upto[:, -1:], 1) - 0.5)
        found[:, 0] = 0
        return found

    def counts_of(self, values: Floats, labels: Ints) -> tuple[Floats, Floats]:
        """Counts of rows: (1, numbers, width) and (1, categories, breadth). They add up."""
        return (
            _counted(self.bins(values), self.width),
            _counted(labels, self.breadth),
        )

    def means_of(self, values: Floats, labels: Ints, *, own: bool = False) -> dict[str, Floats]:
        """Means of the rows' features, each with a first axis of 1."""
        features = self.features(values, labels, own=own)
        return self.means(features.mean(axis=0, dtype=np.float64)[None])

    @cached_property
    def counts(self) -> tuple[Floats, Floats]:
        """The reference's own counts."""
        return self.counts_of(self.values, self.labels)

    @cached_property
    def own_means(self) -> dict[str, Floats]:
        """The reference's own means."""
        return self.means_of(self.values, self.labels, own=True)

    def oddity(self, values: Floats, *, own: bool = False) -> Floats:
        """How unlike the reference each row is, (n,): its surprises added up (Fisher 1932).

        Args:
            own: ``values`` are the reference's: each row is held against the others.
        """
        found = [
            statistics.surprise(self._score(name, values), calibrated, own=own)
            for name, calibrated in zip(self.signals, self.scores, strict=True)
        ]
        return np.sum(found, axis=0)

    def novelty(self, values: Floats, *, own: bool = False) -> Floats:
        """What windows take the mean of, (n,): the squared surprise of each row's oddity.

        Squared, because a few rows that are very odd say more than many that are a little.
        """
        return statistics.surprise(self.oddity(values, own=own), self.oddities, own=own) ** 2

    def _score(self, name: str, values: Floats) -> Floats:
        column = values[:, self.numbers.index(name)] * self.signals[name]
        # An answer without a confidence is as unlike as can be.
        return np.nan_to_num(column, nan=np.inf)


def _counted(positions: Ints, width: int) -> Floats:
    columns = positions.shape[1]
    flat = (positions + np.arange(columns) * width).ravel()
    counts = np.bincount(flat, minlength=columns * width).astype(float)
    return counts.reshape(1, columns, width)


def joint(
    values: Floats, labels: Ints, centre: Floats, spread: Floats, classes: tuple[Any, ...]
) -> Floats:
    """Columns side by side for the joint test: standardised numbers, and one-hot categories."""
    deviations = np.clip(np.nan_to_num((values - centre) / spread, nan=0.0), -CLIP, CLIP)
    parts = [deviations]
    for at, known in enumerate(classes):
        if len(known) <= MOST_CLASSES_JOINTLY:
            hot = labels[:, at][:, None] == np.arange(len(known))
            parts.append(hot.astype(np.float64))
    return np.hstack(parts)


def edges(values: Floats) -> Floats:
    """Edges of one column: every value while they are few, else quantiles; padded with inf."""
    found = np.full(EDGES, np.inf)
    present = values[~np.isnan(values)]
    distinct = np.unique(present)
    if len(distinct) > EDGES:
        at = np.linspace(0, 1, EDGES + 1)[1:]
        distinct = np.unique(np.quantile(present, at, method="inverted_cdf"))
    found[: len(distinct)] = distinct
    return found


def build(
    numbers: dict[str, Floats],
    categories: dict[str, NDArray[np.object_]],
    signals: dict[str, int],
    anchors: NDArray[np.float32],
    random: np.random.Generator,
) -> Reference:
    """A reference of columns of one length n."""
    rows = len(next(iter({**numbers, **categories}.values())))
    values = np.column_stack(list(numbers.values())) if numbers else np.empty((rows, 0))
    classes = tuple(tuple(sorted(set(column.tolist()))) for column in categories.values())
    labels = encode(list(categories.values()), classes, rows)
    with np.errstate(invalid="ignore"):
        centre, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    side_by_side = joint(values, labels, centre, spread, classes)
    wide = statistics.bandwidth(side_by_side[random.permutation(rows)])
    frequencies = random.standard_normal((side_by_side.shape[1], FREQUENCIES)) / wide
    return Reference(
        numbers=tuple(numbers),
        categories=tuple(categories),
        signals=signals,
        classes=classes,
        values=values,
        labels=labels,
        edges=np.array([edges(column) for column in values.T]).reshape(len(numbers), EDGES),
        centre=centre,
        spread=spread,
        frequencies=frequencies,
        anchors=anchors,
    )


def encode(
    columns: list[NDArray[np.object_]], classes: tuple[tuple[str, ...], ...], rows: int
) -> Ints:
    """Positions of categories (rows, columns); an unknown one is one past the last."""
    found = np.empty((rows, len(columns)), dtype=np.int64)
    for at, (column, known) in enumerate(zip(columns, classes, strict=True)):
        positions = {value: place for place, value in enumerate(known)}
        found[:, at] = [positions.get(value, len(known)) for value in column.tolist()]
    return found
