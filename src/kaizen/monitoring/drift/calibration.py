"""What windows without drift look like: both sides drawn from the reference, and p values of it.

A draw cuts the reference in two without replacement, in the proportion of the real window to the
real reference. Each row is on one side only, so nothing is doubled, and both sides vary. (Drawing
the window alone from a fixed reference forgets that another reference would have differed, too.)
One p for a check comes from the smallest of its tests' p, judged by the same of every draw
(Westfall and Young 1993): family-wise whatever the tests have to do with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kaizen.monitoring.drift import rare_values, statistics
from kaizen.monitoring.drift.reference import Reference
from kaizen.monitoring.drift.statistics import Floats

BLOCK = 4_000_000
"""Counts, or codes, held at once while drawing (32 MB)."""

PER_COLUMN = ("ks", "ad", "chi2")
"""Families whose statistics differ by column, so that columns are put on one scale first."""


@dataclass(frozen=True)
class Null:
    """The draws of one size of window.

    Attributes:
        window, share: rows of the window it stands for, and their share of both sides' rows.
        tests: names of the families, the columns of ``draws``.
        draws: (draws, tests), the statistic of each family in each draw.
        centre, spread: per family of :data:`PER_COLUMN`, mean and standard deviation of each
            column's statistic in the draws: what columns are put on one scale by.
    """

    window: int
    share: float
    tests: tuple[str, ...]
    draws: Floats
    centre: dict[str, Floats]
    spread: dict[str, Floats]

    @cached_property
    def as_high(self) -> Floats:
        """For each draw and test, how many draws are as high as it, itself among them."""
        found = np.empty_like(self.draws)
        for at, column in enumerate(self.draws.T):
            found[:, at] = len(column) - np.searchsorted(np.sort(column), column, side="left")
        return found

    def p(self, test: str, value: float) -> float:
        """P of ``value`` in one family: the share of it and the draws that are as high."""
        column = self.draws[:, self.tests.index(test)]
        return float((1 + (column >= value).sum()) / (len(column) + 1))

    def noise(self, test: str, level: float) -> float:
        """What the statistic of ``test`` exceeds in a share ``level`` of the draws."""
        return float(np.quantile(self.draws[:, self.tests.index(test)], 1 - level))

    def smallest(self, values: dict[str, float]) -> Floats:
        """The smallest p of each draw, sorted, where ``values`` is one more draw among them."""
        observed = np.array([values.get(test, -np.inf) for test in self.tests])
        with_it = self.as_high + (observed >= self.draws)
        return np.sort(with_it.min(axis=1) / (len(self.draws) + 1))

    def scaled(self, test: str, values: Floats) -> Floats:
        """Statistics of columns in standard deviations of their draws."""
        return (values - self.centre[test]) / self.spread[test]


def overall(p: float, smallest: Floats) -> float:
    """The smallest p of a check, corrected for how small a smallest one is without drift."""
    below = np.searchsorted(smallest, p * (1 + 1e-9), side="right")
    return float((1 + below) / (len(smallest) + 1))


def draw(reference: Reference, window: int, draws: int, seed: int) -> Null:
    """Cut the reference ``draws`` times and measure each pair as a check would."""
    random = np.random.default_rng([seed, window])
    share = window / (window + reference.rows)
    sides = _Sides(reference, max(2, round(reference.rows * share)), share)
    block = max(1, min(draws, 256, BLOCK // max(sides.counts, sides.m * sides.codes.shape[1])))
    parts = [sides.measure(random, min(block, draws - start)) for start in range(0, draws, block)]
    raw = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    centre: dict[str, Floats] = {}
    spread: dict[str, Floats] = {}
    for name, values in raw.items():
        if name in PER_COLUMN:
            centre[name] = values.mean(axis=0)
            deviation = values.std(axis=0)
            # A constant column never differs in a draw: any difference of its is beyond noise.
            spread[name] = np.where(deviation > 1e-9, deviation, 1.0)
            raw[name] = ((values - centre[name]) / spread[name]).max(axis=1)
        elif values.ndim > 1:
            raw[name] = values.max(axis=1)
    return Null(window, share, tuple(raw), np.column_stack(list(raw.values())), centre, spread)


class _Sides:
    """The reference's rows as counts and sums, ready to be cut in two many times."""

    def __init__(self, reference: Reference, m: int, share: float) -> None:
        self.m, self.n, self.share = m, reference.rows - m, share
        self.width, self.breadth = reference.width, reference.breadth
        self.columns, self.classes = len(reference.numbers), len(reference.categories)
        bins = reference.bins(reference.values) + np.arange(self.columns) * self.width
        labels = reference.labels + np.arange(self.classes) * self.breadth
        self.codes = np.hstack([bins, labels + self.columns * self.width])
        self.counts = self.columns * self.width + self.classes * self.breadth
        self.total = np.bincount(self.codes.ravel(), minlength=self.counts).astype(float)
        self.means = reference.means
        self.sums = reference.features(reference.values, reference.labels, own=True)
        self.all = self.sums.sum(axis=0, dtype=np.float64)
        self.rare = rare_values.prepare(reference)

    def measure(self, random: np.random.Generator, draws: int) -> dict[str, Floats]:
        """Each family's statistic in ``draws`` cuts: (draws, columns) or (draws,)."""
        m, n, rows = self.m, self.n, self.m + self.n
        chosen = np.stack(
            [random.choice(rows, m, replace=False, shuffle=False) for _ in range(draws)]
        )
        member = np.zeros((draws, rows), dtype=bool)
        np.put_along_axis(member, chosen, True, axis=1)
        offset = (np.arange(draws) * self.counts)[:, None, None]
        flat = (self.codes[chosen] + offset).ravel()
        inside = np.bincount(flat, minlength=draws * self.counts).reshape(draws, -1).astype(float)
        within = member.astype(np.float32) @ self.sums
        window, rest = self._cut(inside), self._cut(self.total - inside)
        means = self.means(within / m), self.means((self.all - within) / n)
        found = compare(window, rest, *means, (m, n))
        missing, labels = (window[0][..., 0], rest[0][..., 0]), (window[1], rest[1])
        found["rare"] = rare_values.of_subsets(
            self.rare, chosen, member, self.share, missing, labels
        )
        return found

    def _cut(self, counts: Floats) -> tuple[Floats, Floats]:
        """Counts of numbers (draws, columns, width) and of categories (draws, columns, breadth)."""
        edge = self.columns * self.width
        return (
            counts[:, :edge].reshape(len(counts), self.columns, self.width),
            counts[:, edge:].reshape(len(counts), self.classes, self.breadth),
        )


def compare(
    window: tuple[Floats, Floats],
    reference: tuple[Floats, Floats],
    window_means: dict[str, Floats],
    reference_means: dict[str, Floats],
    rows: tuple[int, int],
) -> dict[str, Floats]:
    """The statistics that follow from counts and means: (b, columns), (b, pairs) or (b,).

    Args:
        window, reference: counts of numbers (b, columns, bins) and of categories (b, columns,
            classes).
        window_means, reference_means: means of features by test, (b, features) or (b,).
        rows: of window and reference.
    """
    m, n = rows
    found = compare_counts(window, reference, rows)
    sides = {name: (window_means[name], reference_means[name], m, n) for name in window_means}
    found["mmd"] = statistics.mmd(*sides["mmd"])
    if "pairs" in sides:
        squares = (window_means["squares"] * m + reference_means["squares"] * n) / (m + n)
        found["pairs"] = statistics.apart(*sides["pairs"], squares)
    if "novelty" in sides:
        above, below = sides["novelty"][:2]
        found["novelty"] = np.sqrt(statistics.scale(m, n)) * (above - below)
    return found


def compare_counts(
    window: tuple[Floats, Floats], reference: tuple[Floats, Floats], rows: tuple[int, int]
) -> dict[str, Floats]:
    """The part of :func:`compare` that follows from counts alone."""
    m, n = rows
    found: dict[str, Floats] = {}
    if window[0].shape[1]:
        gap = np.cumsum(window[0] / m - reference[0] / n, axis=-1)
        found["ks"] = statistics.ks(gap, m, n)
        pooled = (window[0] + reference[0]) / (m + n)
        found["ad"] = statistics.anderson_darling(gap, pooled, m, n)
    if window[1].shape[1]:
        found["chi2"] = statistics.chi_square(window[1], reference[1], m, n)
    return found
