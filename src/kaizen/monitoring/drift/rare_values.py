"""Values too frequent for what the reference has of them, and values outside its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaizen.monitoring.drift import statistics
from kaizen.monitoring.drift.reference import Ints, Reference
from kaizen.monitoring.drift.statistics import Floats

LEAST_REPEATS = 3
"""Times a number must repeat to count: two alike happen by rounding."""

DEPTH = 40
"""Rows looked at from either end when ranges are resampled; more at once do not happen."""


@dataclass(frozen=True)
class Sampled:
    """What is needed to judge subsets of the reference's own rows.

    Attributes:
        atoms: (n, numbers) positions of repeated numbers, ``len(totals)`` where not repeated.
        totals: rows of each repeated number.
        ends: for either end, rows from outside in (depth, numbers), and for each place how many
            rows lie strictly outside of its value (depth + 1, numbers).
    """

    atoms: Ints
    totals: Floats
    ends: tuple[tuple[Ints, Ints], ...]


def prepare(reference: Reference) -> Sampled:
    """Positions of repeated numbers, and the rows at the ends of each column."""
    atoms = np.full(reference.values.shape, -1, dtype=np.int64)
    totals: list[float] = []
    for at, column in enumerate(reference.values.T):
        distinct, inverse, counts = np.unique(
            column, return_inverse=True, return_counts=True, equal_nan=True
        )
        often = np.flatnonzero((counts >= LEAST_REPEATS) & ~np.isnan(distinct))
        place = np.full(len(distinct), -1)
        place[often] = len(totals) + np.arange(len(often))
        atoms[:, at] = place[inverse]
        totals += counts[often].tolist()
    atoms[atoms < 0] = len(totals)
    ends = tuple(_end(reference.values * sign) for sign in (1, -1))
    return Sampled(atoms, np.array(totals), ends)


def _end(values: Floats) -> tuple[Ints, Ints]:
    """Rows from the lowest up, missing ones last, and how many are strictly lower."""
    present = int((~np.isnan(values)).sum(axis=0).min()) if values.shape[1] else 0
    depth = min(DEPTH, present)
    order = np.argsort(values, axis=0, kind="stable")[:depth]
    lowest = np.take_along_axis(values, order, axis=0)
    lower = np.array(
        [np.searchsorted(column, column, side="left") for column in lowest.T], dtype=np.int64
    ).reshape(values.shape[1], depth)
    return order, np.vstack([lower.T, np.full((1, values.shape[1]), depth)])


def of_subsets(
    sampled: Sampled,
    rows: Ints,
    member: NDArray[np.bool_],
    share: float,
    missing: tuple[Floats, Floats],
    categories: tuple[Floats, Floats],
) -> Floats:
    """The largest excess in each subset of the reference against the rest, (subsets,).

    Args:
        rows, member: which rows, as positions (subsets, m) and as a mask (subsets, n).
        share: of the window's rows among both sides'.
        missing: missing values per column (subsets, numbers), in the subset and in the rest.
        categories: counts (subsets, categories, classes), likewise.
    """
    subsets = len(rows)
    found = np.zeros(subsets)
    count = len(sampled.totals)
    if count:
        offset = (np.arange(subsets) * (count + 1))[:, None, None]
        flat = (sampled.atoms[rows] + offset).ravel()
        inside = np.bincount(flat, minlength=subsets * (count + 1)).reshape(subsets, -1)[:, :count]
        excess = statistics.excess(inside.astype(float), sampled.totals - inside, share)
        found = np.maximum(found, np.where(inside >= LEAST_REPEATS, excess, 0).max(axis=1))
    for order, lower in sampled.ends:
        if len(order):
            chosen = member[:, order]
            first = np.where(chosen.all(axis=1), len(order), chosen.argmin(axis=1))
            outside = lower[first, np.arange(order.shape[1])]
            found = np.maximum(found, statistics.beyond(outside.max(axis=1), share))
    if missing[0].shape[1]:
        found = np.maximum(found, statistics.excess(*missing, share).max(axis=1))
    if categories[0].shape[1]:
        found = np.maximum(found, of_categories(*categories, share).max(axis=1))
    return found


def of_categories(window: Floats, reference: Floats, share: float) -> Floats:
    """The largest excess of each column of categories (..., columns), unknown ones among them.

    Rows of unknown categories in the window are to rows of the reference that are alone in theirs
    as the two sides' rows are, where nothing changed (Good 1953).
    """
    unknown = (window * (reference == 0)).sum(axis=-1)
    alone = ((reference == 1) & (window == 0)).sum(axis=-1).astype(float)
    known = np.where(reference > 0, statistics.excess(window, reference, share), 0).max(axis=-1)
    return np.maximum(known, statistics.excess(unknown, alone, share))


def of_counts(
    window: Floats, reference: Floats, lower: Floats, edges: Floats, share: float
) -> Floats:
    """The largest excess of each column of numbers, but for values that repeat, (columns,).

    Args:
        window, reference: counts (columns, bins).
        lower: (columns,) rows of the window below everything in the reference.
        edges: (columns, edges), of which the last finite one is the reference's largest value.
    """
    last = 1 + np.isfinite(edges).sum(axis=-1)
    higher = np.take_along_axis(window, last[:, None], axis=1)[:, 0]
    missing = statistics.excess(window[:, 0], reference[:, 0], share)
    return np.maximum(missing, statistics.beyond(np.maximum(lower, higher), share))


def of_numbers(column: Floats, known: Floats, share: float) -> float:
    """The largest excess of one column of a window.

    Args:
        column: (m,), missing ones NaN.
        known: the reference's, sorted, missing ones last.
        share: of the window's rows among both sides'.
    """
    missing = np.array([np.isnan(side).sum() for side in (column, known)], dtype=float)
    present, reference = column[~np.isnan(column)], known[: len(known) - int(missing[1])]
    found = float(statistics.excess(missing[0], missing[1], share))
    outside = max((present < reference[0]).sum(), (present > reference[-1]).sum())
    found = max(found, float(statistics.beyond(outside, share)))
    distinct, counts = np.unique(present, return_counts=True)
    often = counts >= LEAST_REPEATS
    if often.any():
        left = np.searchsorted(reference, distinct[often], side="left")
        right = np.searchsorted(reference, distinct[often], side="right")
        excess = statistics.excess(counts[often].astype(float), (right - left).astype(float), share)
        found = max(found, float(excess.max()))
    return found
