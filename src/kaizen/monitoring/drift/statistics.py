"""How far a window lies from its reference: pure functions of counts and sums, batch first.

Each is scaled so that its null distribution depends on neither side's size, and takes sums that add
up over parts of the data, so that histograms made by SQL serve as well as rows. ``m`` is the rows
of the window, ``n`` those of the reference, ``share = m / (m + n)``. Sources are in docs/drift.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

Floats = NDArray[np.float64]

KNN = 5
"""Neighbours whose distances are averaged."""


def scale(m: int, n: int) -> float:
    """The rows of one sample that is as certain as two of ``m`` and ``n``."""
    return m * n / (m + n)


def ks(gap: Floats, m: int, n: int) -> Floats:
    """Kolmogorov-Smirnov: √(mn/(m+n)) · max |F_window − F_reference| over bin edges.

    Args:
        gap: F_window − F_reference at each edge, shape (..., edges).

    The distance misses the exact one by at most the largest bin's share of either side.
    """
    return np.sqrt(scale(m, n)) * np.abs(gap).max(axis=-1)


def anderson_darling(gap: Floats, pooled: Floats, m: int, n: int) -> Floats:
    """Anderson-Darling for two samples in bins (Scholz and Stephens 1987): Σ gap² h / (H (1 − H)).

    Args:
        gap: as for :func:`ks`, one value for each bin (the last is 0).
        pooled: share of either side's rows in each bin, shape (..., bins).

    Returns:
        its cube root, which is nearly normal, so that columns of different kinds compare.
    """
    below = np.cumsum(pooled, axis=-1)
    spread = below * (1 - below)
    weight = np.where(spread > 1e-12, pooled / np.maximum(spread, 1e-12), 0.0)
    return np.cbrt(scale(m, n) * np.einsum("...k,...k->...", gap * gap, weight))


def chi_square(window: Floats, reference: Floats, m: int, n: int) -> Floats:
    """Pearson's χ² of a 2 × K table as a normal deviate (Wilson and Hilferty 1931).

    Args:
        window, reference: counts, shape (..., K).
    """
    pooled = window + reference
    share = m / (m + n)
    spread = np.maximum(pooled * share * (1 - share), 1e-12)
    value = ((window - pooled * share) ** 2 / spread).sum(axis=-1)
    freedom = np.maximum((pooled > 0).sum(axis=-1) - 1, 1)
    ninth = 2 / (9 * freedom)
    return (np.cbrt(value / freedom) - (1 - ninth)) / np.sqrt(ninth)


def excess(window: Floats, reference: Floats, share: float) -> Floats:
    """How surprising it is that so many of a value's rows lie in the window; 0 if not too many.

    Given c = a + b rows of a value, a of them in the window, a is binomial (c, share) where nothing
    changed (Przyborowski and Wilenski 1940). This is the exponent of Chernoff's bound:
    P(a or more) ≤ exp(−excess).
    """
    total = np.maximum(window + reference, 1e-12)
    found = xlogy(window, window / (total * share)) + xlogy(
        reference, reference / (total * (1 - share))
    )
    return np.where(window > total * share, found, 0.0)


def beyond(rows: Floats, share: float) -> Floats:
    """:func:`excess` of ``rows`` of the window outside everything in the reference."""
    return -rows * np.log(share)


def mmd(window_mean: Floats, reference_mean: Floats, m: int, n: int) -> Floats:
    """MMD² (Gretton et al. 2012) of means of random features, times mn/(m+n)."""
    gap = window_mean - reference_mean
    found = scale(m, n) * np.einsum("...k,...k->...", gap, gap)
    # Where nothing can differ, rounding does.
    return np.where(found > 1e-6, found, 0.0)


def apart(window_mean: Floats, reference_mean: Floats, m: int, n: int, squares: Floats) -> Floats:
    """|difference of means| · √(mn/(m+n)) over the standard deviation of both sides together.

    Args:
        squares: mean of the squares of both sides together.
    """
    middle = (window_mean * m + reference_mean * n) / (m + n)
    spread = np.sqrt(np.maximum(squares - middle**2, 1e-9))
    return np.sqrt(scale(m, n)) * np.abs(window_mean - reference_mean) / spread


def fourier(rows: Floats, frequencies: Floats) -> NDArray[np.float32]:
    """Random Fourier features (Rahimi and Recht 2007) of a Gaussian kernel, (n, 2 · D)."""
    phase = rows.astype(np.float32) @ frequencies.astype(np.float32)
    root = np.float32(1 / np.sqrt(frequencies.shape[1]))
    found: NDArray[np.float32] = np.hstack([np.cos(phase), np.sin(phase)]) * root
    return found


def bandwidth(rows: Floats, most: int = 500) -> float:
    """Median distance between rows: the usual width of the kernel (Gretton et al. 2012)."""
    some = rows[:most]
    squares = (some**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None, :] - 2 * some @ some.T, 0)
    above = distances[np.triu_indices(len(some), 1)]
    middle = float(np.sqrt(np.median(above))) if len(above) else 0.0
    return middle or 1.0


def directions(rows: Floats) -> NDArray[np.float32]:
    """Rows at length 1: the angle between embeddings says more than the distance."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found: NDArray[np.float32] = (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
    return found


def nearest(rows: Floats, anchors: NDArray[np.float32], block: int = 1024) -> Floats:
    """Mean distance of each row's direction to its :data:`KNN` nearest anchors, shape (n,).

    Deep nearest neighbours on normalised embeddings (Sun et al. 2022).
    """
    k = min(KNN, len(anchors))
    found = np.empty(len(rows))
    for at in range(0, len(rows), block):
        part = directions(rows[at : at + block])
        squares = (part**2).sum(axis=1)[:, None] + 1 - 2 * part @ anchors.T
        near = np.partition(squares, k - 1, axis=1)[:, :k]
        found[at : at + block] = np.sqrt(np.maximum(near, 0)).mean(axis=1)
    return found


def surprise(scores: Floats, calibrated: Floats, *, own: bool = False) -> Floats:
    """−log of the conformal p of each score: the share of it and the calibrated ones as high.

    Args:
        calibrated: sorted scores of rows without drift, of which no score was learnt.
        own: ``scores`` are these themselves: each is held against the others, or it would count
            twice, and rows of a window would seem a little odder than those of the reference.
    """
    as_high = len(calibrated) - np.searchsorted(calibrated, scores, side="left")
    new = 0 if own else 1
    return -np.log((new + as_high) / (len(calibrated) + new))
