"""The check of a histogram: the tests that follow from counts alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kaizen.monitoring.drift import calibration, hypergeometric_null, judge, quality, rare_values
from kaizen.monitoring.drift.calibration import Null
from kaizen.monitoring.drift.histogram import ABSENT, Histogram, fingerprint, same
from kaizen.monitoring.drift.judge import Comparable
from kaizen.monitoring.drift.reference import Reference
from kaizen.monitoring.drift.result import Calibration, DriftResult, Finding
from kaizen.monitoring.drift.statistics import Floats
from kaizen.monitoring.drift.window_values import EMBEDDING, Shape

FAMILIES = ("ks", "ad", "chi2", "rare")
"""What counts tell; of ``rare`` all but numbers that repeat."""


def check(
    shape: Shape,
    reference: Reference,
    histogram: Histogram,
    cut: Callable[[int], Null],
    largest: int,
    least: tuple[int, int],
) -> DriftResult:
    """Compare ``histogram`` with the reference.

    Args:
        cut: the calibration of a window that the reference can be cut for.
        largest: rows of the largest such window; noise of larger ones is dealt.
        least: rows of the smallest window, and draws for each unit of 1 / level.

    Raises:
        KaizenError: it was made for another profile.
    """
    same(histogram, fingerprint(reference))
    rows, notes = histogram.rows, [shape.note] if shape.note else []
    notes.append(_unseen(shape, reference))
    if rows < least[0]:
        found = [quality.too_few(rows, least[0])]
        return judge.nothing(found, reference.rows, rows, judge.about(0, 0, shape.level, notes))
    findings, readable = _read(shape, reference, histogram)
    if not any(read.any() for read in readable):
        said = judge.about(0, 0, shape.level, notes)
        return judge.nothing(findings, reference.rows, rows, said)
    window = histogram.numbers[None].astype(float), histogram.categories[None].astype(float)
    lower = histogram.lower.astype(float)
    whole, sizes = reference.counts, (rows, reference.rows)
    found_counts = calibration.compare_counts(window, whole, sizes)
    if rows <= largest:
        null = _only_counts(cut(rows))
        share = max(null.share, rows / sum(sizes))
        rarity = np.concatenate(
            [
                rare_values.of_counts(window[0][0], whole[0][0], lower, reference.edges, share),
                rare_values.of_categories(window[1][0], whole[1][0], share),
            ]
        )
        said = judge.about(shape.draws, null.window, shape.level, notes)
    else:
        draws = max(
            min(shape.draws, hypergeometric_null.MOST_DRAWS), math.ceil(least[1] / shape.level)
        )
        null = hypergeometric_null.draw(reference, window, rows, readable, shape.seed, draws)
        rarity = hypergeometric_null.rarity(reference, window, lower, rows)
        if "chi2" in found_counts:
            found_counts["chi2"] = hypergeometric_null.chi(reference, window, rows)[None]
        said = _dealt(draws, rows, shape.level, notes)
    measured = _measured(null, found_counts, rarity, readable)
    distances = judge.distances_of(reference, window, rows)
    return judge.decide(reference, null, measured, distances, readable, findings, rows, said)


def _measured(
    null: Null, found: dict[str, Floats], rarity: Floats, readable: Comparable
) -> dict[str, Floats]:
    sides = {"ks": readable[0], "ad": readable[0], "chi2": readable[1]}
    measured = {
        name: np.where(read, null.scaled(name, found[name][0]), -np.inf)
        for name, read in sides.items()
        if name in null.tests
    }
    measured["rare"] = np.where(np.concatenate(readable), rarity, 0.0)
    return {name: part for name, part in measured.items() if np.isfinite(part).any()}


def _only_counts(null: Null) -> Null:
    """The calibration without what needs rows.

    Its draws of ``rare`` also know numbers that repeat: they are as high or higher, p as large or
    larger.
    """
    kept = [at for at, name in enumerate(null.tests) if name in FAMILIES]
    tests = tuple(null.tests[at] for at in kept)
    return Null(null.window, null.share, tests, null.draws[:, kept], null.centre, null.spread)


def _dealt(draws: int, rows: int, level: float, notes: list[str]) -> Calibration:
    said = judge.about(draws, rows, level, notes)
    note = "both sides' counts dealt anew, each column by itself"
    return said.model_copy(update={"note": "; ".join([note, *notes])})


def _unseen(shape: Shape, reference: Reference) -> str:
    """What a histogram says nothing of, in words."""
    tests = ["pairs"] if len(reference.pairs[0]) else []
    tests += ["mmd", *(["novelty"] if reference.signals else [])]
    said = f"from counts alone: {', '.join(tests)} and numbers that repeat were not looked at"
    return f"{said}, nor the embedding" if shape.embedding else said


def _read(
    shape: Shape, reference: Reference, histogram: Histogram
) -> tuple[list[Finding], tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """What is wrong with the columns, and which can be compared."""
    names = [*reference.numbers, *reference.categories]
    findings: list[Finding] = []
    readable = np.zeros(len(names), dtype=bool)
    for at, name in enumerate(names):
        if name == EMBEDDING and shape.embedding:
            continue
        form = histogram.forms[at]
        wrong = quality.column(name, None if form == ABSENT else form, shape.forms[name])
        findings += wrong
        readable[at] = not wrong
        if wrong:
            continue
        if at < len(reference.numbers):
            findings += quality.counts(
                name,
                reference.values[:, at],
                rows=histogram.rows,
                missing=int(histogram.numbers[at, 0]),
                infinite=int(histogram.infinite[at]),
                ends=(float(histogram.low[at]), float(histogram.high[at])),
            )
        else:
            place = at - len(reference.numbers)
            blank = int(histogram.blank[place])
            findings += quality.blank(name, blank, histogram.rows, reference.classes[place])
    return findings, (readable[: len(reference.numbers)], readable[len(reference.numbers) :])
