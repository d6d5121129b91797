"""Noise of windows larger than the reference can be cut for: counts dealt anew to both sides.

Where nothing changed, window and reference are one heap of rows, dealt at random. Of each column
the heap's counts are known, so the reference's share of each bin is hypergeometric, whatever the
sizes: Fisher's argument (1935), with real rows on both sides. Where every bin has rows enough, sums
of such shares are a Brownian bridge at the heap's cumulated shares (Doob 1949), which is drawn
faster. Columns are dealt each by itself.
What they have in common is lost, and the largest of many statistics that go together is smaller
than that of as many which do not: p errs to the safe side (Šidák 1967).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kaizen.monitoring.drift import rare_values, statistics
from kaizen.monitoring.drift.calibration import Null, compare_counts
from kaizen.monitoring.drift.reference import Reference
from kaizen.monitoring.drift.statistics import Floats

MOST_DRAWS = 1_499
"""Made for every check, as every heap differs."""

LEAST_BRIDGED = 500
"""Rows expected in the smaller side outside of a column's largest bin, from which a bridge does."""

MOST_SPARSE = 1 / 64
"""Share of those rows that may lie in sparse bins."""

LEAST_EXPECTED = 5
"""Rows expected in the smaller side; bins of fewer are sparse, and categories of fewer are compared
together (Cochran 1954)."""

_MOST_DEALT = 900_000_000
"""Rows of a heap that numpy deals exactly; of a larger one drawing is with replacement."""

Counted = tuple[Floats, Floats]
Masks = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def merged(window: Floats, reference: Floats, m: int, n: int) -> Counted:
    """Counts (..., classes) with rare categories added to the last, unknown ones.

    Which are rare is said by both sides together: the reference's own singletons are in its list
    because they happened to be there, which dealing knows nothing of.
    """
    both = (window + reference).reshape(-1, window.shape[-1])[0]
    few = both * (min(m, n) / (m + n)) < LEAST_EXPECTED
    few[-1] = True
    found = []
    for side in (window, reference):
        kept = np.where(few, 0.0, side)
        kept[..., -1] = side[..., few].sum(axis=-1)
        found.append(kept)
    return found[0], found[1]


def of_categories(window: Floats, reference: Floats, share: float, alone: Floats) -> Floats:
    """The largest excess of a column of categories (..., classes), unknown ones among them.

    Args:
        alone: rows of the reference alone in their category: what rows of the window in unknown
            categories are held against (Good 1953).
    """
    known = np.where(reference > 0, statistics.excess(window, reference, share), 0)
    return np.maximum(
        known[..., :-1].max(axis=-1, initial=0.0),
        statistics.excess(window[..., -1], alone, share),
    )


def draw(
    reference: Reference, window: Counted, m: int, readable: Masks, seed: int,
    draws: int,
) -> Null:  # fmt: skip
    """Deal ``draws`` times and measure each pair.

    Args:
        window: counts as :meth:`Reference.counts_of` makes them, of ``m`` rows.
        readable: which columns take part.
    """
    n = reference.rows
    share = m / (m + n)
    found: dict[str, list[Floats]] = {"ks": [], "ad": [], "chi2": [], "rare": []}
    at_ends = np.zeros(draws)
    for at in np.flatnonzero(readable[0]):
        random = np.random.default_rng([seed, m, int(at)])
        mine, theirs = window[0][0, at], reference.counts[0][0, at]
        both = mine + theirs
        if _dense(both, m, n):
            ks, ad = _bridges(random, both / both.sum(), draws)
        else:
            sides = _deal(random, mine, theirs, n, draws)
            ks, ad = _compared(*sides, m, n)
        found["ks"].append(ks)
        found["ad"].append(ad)
        if both[0]:
            missing = _one(random, mine[0], theirs[0], m, n, draws)
            found["rare"].append(statistics.excess(*missing, share))
        # Of a heap in order, rows of the window before the first of the reference.
        outside = random.geometric(1 - share, (draws, 2)).max(axis=1) - 1
        at_ends = np.maximum(at_ends, statistics.beyond(outside, share))
    for at in np.flatnonzero(readable[1]):
        random = np.random.default_rng([seed, m, len(readable[0]) + int(at)])
        mine, theirs = window[1][0, at], reference.counts[1][0, at]
        sides = _deal(random, mine, theirs, n, draws)
        unknown = _one(random, mine[-1], (theirs == 1).sum(), m, n, draws)
        counted = np.concatenate([sides[0][:, :-1], unknown[0][:, None]], axis=1)
        found["rare"].append(of_categories(counted, sides[1], share, unknown[1]))
        found["chi2"].append(_chi(*merged(*sides, m, n), m, n))
    return _null(found, at_ends, readable, m, share)


def rarity(reference: Reference, window: Counted, lower: Floats, m: int) -> Floats:
    """The excess of each column, numbers first, as :func:`draw` measures it."""
    share = m / (m + reference.rows)
    (numbers, categories), (known, classes) = window, reference.counts
    alone = (classes[0] == 1).sum(axis=-1).astype(float)
    return np.concatenate(
        [
            rare_values.of_counts(numbers[0], known[0], lower, reference.edges, share),
            of_categories(categories[0], classes[0], share, alone),
        ]
    )


def chi(reference: Reference, window: Counted, m: int) -> Floats:
    """χ² of each column of categories, rare ones together."""
    pairs = zip(window[1][0], reference.counts[1][0], strict=True)
    n = reference.rows
    return np.array([_chi(*merged(mine, theirs, m, n), m, n) for mine, theirs in pairs])


def _dense(both: Floats, m: int, n: int) -> bool:
    """Whether a bridge tells no other quantiles than dealing."""
    expected = both * (min(m, n) / (m + n))
    outside = expected.sum() - expected.max()
    sparse = expected[expected < LEAST_EXPECTED].sum()
    return bool(outside >= LEAST_BRIDGED and sparse <= MOST_SPARSE * outside)


def _bridges(random: np.random.Generator, shares: Floats, draws: int) -> Counted:
    """``ks`` and ``ad`` of Brownian bridges at cumulated ``shares``."""
    upto = np.cumsum(shares, dtype=np.float32)
    steps = random.standard_normal((draws, len(shares)), dtype=np.float32)
    paths = np.cumsum(steps * np.sqrt(shares, dtype=np.float32), axis=1)
    paths -= paths[:, -1:] * upto
    spread = upto * (1 - upto)
    weight = np.where(spread > 1e-6, shares / np.maximum(spread, 1e-6), 0).astype(np.float32)
    squares = np.einsum("dk,dk,k->d", paths, paths, weight)
    return np.abs(paths).max(axis=1).astype(float), np.cbrt(squares).astype(float)


def _compared(window: Floats, reference: Floats, m: int, n: int) -> Counted:
    """``ks`` and ``ad`` of dealt counts."""
    none = np.empty((len(window), 0, 1))
    found = compare_counts((window[:, None], none), (reference[:, None], none), (m, n))
    return found["ks"][:, 0], found["ad"][:, 0]


def _one(
    random: np.random.Generator, mine: float, theirs: float, m: int, n: int, draws: int
) -> Counted:
    """Rows of one kind dealt to both sides, (draws,) each."""
    sides = _deal(random, np.array([mine, m - mine]), np.array([theirs, n - theirs]), n, draws)
    return sides[0][:, 0], sides[1][:, 0]


def _chi(window: Floats, reference: Floats, m: int, n: int) -> Floats:
    return np.asarray(statistics.chi_square(window, reference, m, n))


def _deal(
    random: np.random.Generator, window: Floats, reference: Floats, n: int, draws: int
) -> Counted:
    """Both sides' counts, (draws, bins) each."""
    both = np.rint(window + reference).astype(np.int64)
    if both.sum() <= _MOST_DEALT:
        dealt = random.multivariate_hypergeometric(both, n, size=draws, method="marginals")
    else:
        dealt = random.multinomial(n, both / both.sum(), size=draws)
    return (both - dealt).astype(float), dealt.astype(float)


def _null(
    found: dict[str, list[Floats]], at_ends: Floats, readable: Masks, m: int,
    share: float,
) -> Null:  # fmt: skip
    draws: dict[str, Floats] = {}
    centre: dict[str, Floats] = {}
    spread: dict[str, Floats] = {}
    for name, read in (("ks", readable[0]), ("ad", readable[0]), ("chi2", readable[1])):
        if not found[name]:
            continue
        values = np.column_stack(found[name])
        centre[name], spread[name] = np.zeros(len(read)), np.ones(len(read))
        deviation = values.std(axis=0)
        centre[name][read] = values.mean(axis=0)
        spread[name][read] = np.where(deviation > 1e-9, deviation, 1.0)
        draws[name] = ((values - centre[name][read]) / spread[name][read]).max(axis=1)
    draws["rare"] = np.max([at_ends, *found["rare"]], axis=0)
    return Null(m, share, tuple(draws), np.column_stack(list(draws.values())), centre, spread)
