"""From the numbers of one window to its drift result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kaizen.monitoring.drift import calibration, rare_values
from kaizen.monitoring.drift.calibration import Null
from kaizen.monitoring.drift.reference import Ints, Reference
from kaizen.monitoring.drift.result import Calibration, Column, DriftResult, Finding, Test
from kaizen.monitoring.drift.statistics import Floats

Comparable = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Which columns of numbers, and which of categories, could be read."""


MOST_TIMES = 1_000.0
"""Largest effect given: beyond it, and where there is no noise at all."""


def about(draws: int, window: int, level: float, notes: Sequence[str]) -> Calibration:
    """What a drift result stands on."""
    note = "; ".join(["both sides drawn from the reference", *notes])
    return Calibration(draws=draws, window=window, level=level, note=note)


def nothing(findings: list[Finding], reference: int, window: int, said: Calibration) -> DriftResult:
    """The drift result of a window in which nothing can be compared."""
    return DriftResult(
        drifted=False,
        p_value=None,
        effect=None,
        columns=(),
        tests=(),
        quality=tuple(findings),
        reference_rows=reference,
        window_rows=window,
        calibration=said,
    )


def judge(
    reference: Reference,
    null: Null,
    values: Floats,
    labels: Ints,
    comparable: Comparable,
    findings: list[Finding],
    said: Calibration,
) -> DriftResult:
    """Compare one window, (m, numbers) and (m, categories), with the reference."""
    labels = np.maximum(labels, 0)
    measured = _measure(reference, null, values, labels, comparable)
    distances = distances_of(reference, reference.counts_of(values, labels), len(values))
    return decide(reference, null, measured, distances, comparable, findings, len(values), said)


def decide(
    reference: Reference,
    null: Null,
    measured: dict[str, Floats],
    distances: tuple[Floats, Floats],
    comparable: Comparable,
    findings: list[Finding],
    rows: int,
    said: Calibration,
) -> DriftResult:
    """The drift result of a window of which every statistic is known.

    Args:
        measured: per family, the columns' statistics in standard deviations of noise, or one for
            all; -inf for columns that could not be read.
        distances: of :func:`distances_of`.
    """
    observed = {name: float(np.max(found)) for name, found in measured.items() if found.size}
    p = {name: null.p(name, value) for name, value in observed.items()}
    # Where the reference has nothing rare, no draw has: the bound is what a single value allows.
    p["rare"] = max(p["rare"], float(np.exp(-observed["rare"])))
    smallest = null.smallest(observed)
    strongest = min(p, key=lambda name: p[name])
    tests = tuple(
        Test(
            name=name,
            p=p[name],
            effect=_times(value, null.noise(name, said.level)),
            where=_where(reference, name, measured[name]),
        )
        for name, value in observed.items()
    )
    effect = next(test.effect for test in tests if test.name == strongest)
    p_value = calibration.overall(p[strongest], smallest)
    level = said.level
    return DriftResult(
        drifted=p_value <= level and effect > 1,
        p_value=p_value,
        effect=effect,
        columns=_columns(reference, null, measured, distances, comparable, smallest, level),
        tests=tests,
        quality=tuple(findings),
        reference_rows=reference.rows,
        window_rows=rows,
        calibration=said,
    )


def _where(reference: Reference, test: str, found: Floats) -> tuple[str, ...]:
    """The columns that say most; none where a test is of all of them."""
    most = int(np.argmax(found))
    if test == "pairs":
        return tuple(reference.numbers[int(side[most])] for side in reference.pairs)
    if test in {"ks", "ad"}:
        return (reference.numbers[most],)
    if test == "chi2":
        return (reference.categories[most],)
    return ((*reference.numbers, *reference.categories)[most],) if test == "rare" else ()


def _times(value: float, noise: float) -> float:
    """``value`` in units of ``noise``; what noise never shows at all is as far as can be."""
    if noise > 1e-9:
        return min(max(value, 0.0) / noise, MOST_TIMES)
    return MOST_TIMES if value > 1e-9 else 0.0


def _measure(
    reference: Reference, null: Null, values: Floats, labels: Ints, comparable: Comparable
) -> dict[str, Floats]:
    """Per family, the columns' statistics in standard deviations of noise, or one for all.

    Columns that could not be read say nothing (-inf).
    """
    rows = len(values), reference.rows
    window, whole = reference.counts_of(values, labels), reference.counts
    found = calibration.compare(
        window, whole, reference.means_of(values, labels), reference.own_means, rows
    )
    left, right = reference.pairs
    numbers, categories = comparable
    readable = {"ks": numbers, "ad": numbers, "chi2": categories}
    readable["pairs"] = numbers[left] & numbers[right]
    measured: dict[str, Floats] = {}
    for name in null.tests:
        if name in calibration.PER_COLUMN:
            measured[name] = np.where(readable[name], null.scaled(name, found[name][0]), -np.inf)
        elif name != "rare":
            measured[name] = found[name]
    # What is not there would count as having moved.
    if not (numbers.all() and categories.all()):
        del measured["mmd"]
    if not all(numbers[reference.numbers.index(name)] for name in reference.signals):
        del measured["novelty"]
    # Counts have few values: what was drawn must have the very same ones.
    share = max(null.share, rows[0] / sum(rows))
    amounts = [
        rare_values.of_numbers(values[:, at], reference.sorted[:, at], share) if read else 0.0
        for at, read in enumerate(numbers)
    ]
    labelled = rare_values.of_categories(window[1][0], whole[1][0], share)
    measured["rare"] = np.concatenate([amounts, np.where(categories, labelled, 0.0)])
    return {name: part for name, part in measured.items() if np.isfinite(part).any()}


def _columns(
    reference: Reference,
    null: Null,
    measured: dict[str, Floats],
    distances: tuple[Floats, Floats],
    comparable: Comparable,
    smallest: Floats,
    level: float,
) -> tuple[Column, ...]:
    """The columns that could be read, the most drifted first."""
    columns: list[Column] = []
    for part, (names, read) in enumerate(
        zip((reference.numbers, reference.categories), comparable, strict=True)
    ):
        tests = ("chi2",) if part else ("ks", "ad")
        before = part * len(reference.numbers)
        for at in np.flatnonzero(read):
            p = {name: null.p(name, measured[name][at]) for name in tests}
            rarity = float(measured["rare"][before + at])
            p["rare"] = max(null.p("rare", rarity), float(np.exp(-rarity)))
            strongest = min(p, key=lambda name: p[name])
            corrected = calibration.overall(p[strongest], smallest)
            columns.append(
                Column(
                    name=names[at],
                    statistic=strongest,
                    p=corrected,
                    effect=float(distances[part][at]),
                    drifted=corrected <= level,
                )
            )
    return tuple(sorted(columns, key=lambda column: (column.p, -column.effect)))


def distances_of(
    reference: Reference, window: tuple[Floats, Floats], rows: int
) -> tuple[Floats, Floats]:
    """Per column, the largest gap of cumulated shares, and half the summed gap of shares.

    Args:
        window: counts of ``rows`` rows, as :meth:`Reference.counts_of` makes them.
    """
    (numbers, categories), (known, classes) = window, reference.counts
    gap = numbers[0] / rows - known[0] / reference.rows
    apart = categories[0] / rows - classes[0] / reference.rows
    return np.abs(np.cumsum(gap, axis=-1)).max(axis=-1, initial=0), np.abs(apart).sum(axis=-1) / 2
