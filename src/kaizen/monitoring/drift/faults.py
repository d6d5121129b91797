"""Columns that drifted because something broke on the way: values no customer or patient has.

A shift moves all of a column. A fault puts some of its rows, or all, where hardly any were: out of
range (another unit), on one value (a default, a frozen sensor), missing, or unseen; what is left
is as it was.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from kaizen.core.results import Record
from kaizen.monitoring.drift import quality, statistics
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.drift.statistics import Floats

AMOUNT = 20
"""Distinct values beyond which a repeated one is odd; with fewer it is a class."""

LIFT = 5.0
"""Times more frequent than in the reference a value must be to be odd."""

MOST = 0.5
"""Share of odd rows from which a column is broken whatever the rest looks like."""

ALIKE = 0.05
"""P from which the rest of a column is as it was."""


LEAST = 20
"""Values other than 0 that tell a unit."""


class Fault(Record):
    """A column that is broken rather than shifted.

    Attributes:
        column: its name.
        share: of the window's rows that hold what is odd.
        detail: what, in words.
    """

    column: str
    share: float
    detail: str


def find(
    profile: Profile, drift: DriftResult, window: pd.DataFrame, answers: Collection[str]
) -> tuple[Fault, ...]:
    """Faults of the inputs that ``drift`` says drifted, in its order.

    Args:
        answers: columns that say what was answered; they follow from the others.

    Of signals (an embedding's distance, a confidence) none is odd: to be far out is their meaning.
    """
    known = profile.reference
    found: list[Fault | None] = []
    for column in drift.columns:
        name = column.name
        if not column.drifted or name in answers or name in known.signals or name not in window:
            continue
        if name in known.numbers:
            values = quality.numbers(window[name])
            own = known.sorted[:, known.numbers.index(name)]
            found.append(_number(name, values, own, drift.calibration.level))
        else:
            classes = known.classes[known.categories.index(name)]
            found.append(_category(name, quality.keys(window[name]), classes))
    return tuple(fault for fault in found if fault is not None)


def _number(name: str, values: Floats, known: Floats, level: float) -> Fault | None:
    present = known[~np.isnan(known)]
    share, needed = len(values) / (len(values) + len(known)), -np.log(level)
    missing = np.isnan(values)
    if factor := _unit(values[~missing], present):
        times = f"{factor:,.0f} times larger" if factor > 1 else f"{1 / factor:,.0f} times smaller"
        return _fault(name, ~missing, f"in another unit, {times},", int((~missing).sum()))
    outside = (values < present[0]) | (values > present[-1])
    kinds: list[tuple[str, NDArray[np.bool_]]] = []
    if _odd(missing.sum(), len(known) - len(present), share, needed):
        kinds.append(("missing", missing))
    if _odd(outside.sum(), 0, share, needed):
        where = f"outside {present[0]:g} to {present[-1]:g}"
        kinds.append((where, outside))
    if len(np.unique(present)) > AMOUNT:
        distinct, counts = np.unique(values[~missing], return_counts=True)
        for value, count in zip(distinct, counts, strict=True):
            usual = int(
                np.searchsorted(present, value, "right") - np.searchsorted(present, value, "left")
            )
            often = count / len(values) >= LIFT * usual / len(known)
            if often and count >= 3 and _odd(count, usual, share, needed):
                kinds.append((f"exactly {value:g}", values == value))
                present = present[present != value]
    elif len(np.unique(values[~missing])) == 1 < len(np.unique(present)):
        kinds.append((f"always {values[~missing][0]:g}", ~missing))
    odd = np.any([mark for _, mark in kinds], axis=0) if kinds else np.zeros(len(values), bool)
    rest = values[~odd & ~missing]
    if not odd.any() or (odd.mean() < MOST and ks_2samp(rest, present).pvalue < ALIKE):
        return None
    words, mark = max(kinds, key=lambda kind: kind[1].sum())
    return _fault(name, odd, words, int(mark.sum()))


def _unit(values: Floats, known: Floats) -> float | None:
    """The power of ten by which all of ``values`` differ from what they were, None where none."""
    now, before = np.abs(values[values != 0]), np.abs(known[known != 0])
    if min(len(now), len(before)) < LEAST:
        return None
    places = round(float(np.median(np.log10(now)) - np.median(np.log10(before))))
    factor = 10.0**places
    same = places != 0 and ks_2samp(now / factor, before).pvalue >= ALIKE
    return factor if same else None


def _category(name: str, values: NDArray[np.object_], classes: tuple[str, ...]) -> Fault | None:
    unseen = ~np.isin(values.astype(str), np.array(classes, dtype=str))
    if unseen.any():
        first = str(values[unseen][0])
        words = f"{first!r}, which the reference has not" if first else "missing"
        return _fault(name, unseen, words, int(unseen.sum()))
    if len(classes) > 1 and len(set(values.tolist())) == 1:
        whole = np.ones(len(values), dtype=bool)
        return _fault(name, whole, f"always {values[0]!r}", len(values))
    return None


def _odd(rows: int, usual: int, share: float, needed: float) -> bool:
    window, reference = np.array([float(rows)]), np.array([float(usual)])
    return bool(statistics.excess(window, reference, share)[0] > needed)


def _fault(name: str, odd: NDArray[np.bool_], words: str, rows: int) -> Fault:
    detail = f"column {name} is {words} in {rows:,} of {len(odd):,} rows"
    return Fault(column=name, share=float(odd.mean()), detail=detail)
