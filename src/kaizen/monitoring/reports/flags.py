"""Flags: which single predictions are worth a look, and why; each rule by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from kaizen.core.results import Record
from kaizen.monitoring.drift import quality
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.statistics import Floats

Rule = Literal["confidence", "novelty", "range", "category", "missing", "contradicted"]

MEANING: dict[Rule, str] = {
    "confidence": "confidence is below the 1st percentile of the reference",
    "novelty": "embedding and confidence are unlike those of the reference",
    "range": "a number is outside the range of the reference",
    "category": "a category does not occur in the reference",
    "missing": "a value is missing where the reference always has one",
    "contradicted": "the label differs from the answer",
}

UNSURE = 0.01
"""Share of the reference's confidences below which one is low."""

NOVEL = 0.001
"""P of a row below which it is novel; of small references the smallest p there is."""

FAR = 3.0
"""Numbers answered: standard deviations of the reference's answers that a label is away."""


class Flag(Record):
    """One rule that one row broke.

    Attributes:
        rule: which.
        column: where, None for the row as a whole.
        detail: what was found and what was expected, for people.
    """

    rule: Rule
    column: str | None
    detail: str


@dataclass(frozen=True)
class Rules:
    """What a version's reference knows of single rows."""

    profile: Profile

    def flags(self, rows: pd.DataFrame) -> list[list[Flag]]:
        """The flags of each of n observed rows; a column that is not there is not judged."""
        found: list[list[Flag]] = [[] for _ in range(len(rows))]
        for judge in (self._confidence, self._novelty, self._numbers, self._categories):
            for at, flag in judge(rows):
                found[at].append(flag)
        return found

    def contradicts(self, column: str, answer: Any, label: Any) -> Flag | None:
        """Whether ``label`` says otherwise than ``answer``, which is observed as ``column``.

        Classes are other ones. Numbers are away by more than :data:`FAR` standard deviations of the
        reference's answers: closer ones are the error that every regression has.
        """
        built = self.profile.reference
        if column in built.numbers:
            spread = float(np.nanstd(built.values[:, built.numbers.index(column)]))
            return _far(answer, label, FAR * spread)
        return differs(answer, label)

    @cached_property
    def _least(self) -> float:
        """The smallest p that a row can have."""
        return 1 / (self.profile.rows + 1)

    @cached_property
    def _sure(self) -> dict[str, float]:
        built = self.profile.reference
        return {
            name: float(np.nanquantile(built.values[:, built.numbers.index(name)], UNSURE))
            for name, sign in built.signals.items()
            if sign < 0
        }

    def _confidence(self, rows: pd.DataFrame) -> list[tuple[int, Flag]]:
        found = []
        for name, low in self._sure.items():
            for at, value in enumerate(self._column(rows, name)):
                if value < low:
                    detail = f"{name} {value:.4g}, below the reference's 1st percentile {low:.4g}"
                    found.append((at, Flag(rule="confidence", column=name, detail=detail)))
        return found

    def _novelty(self, rows: pd.DataFrame) -> list[tuple[int, Flag]]:
        # Without an embedding it would be the confidence once more.
        names = [*self.profile.shape.embedding, *self._sure]
        if not self.profile.shape.embedding or any(name not in rows for name in names):
            return []
        limit = max(NOVEL, self._least)
        return [
            (
                at,
                Flag(rule="novelty", column=None, detail=f"p = {p:.2g} for a row of the reference"),
            )
            for at, p in enumerate(self.profile.row_p(rows[names]))
            if p <= limit
        ]

    def _numbers(self, rows: pd.DataFrame) -> list[tuple[int, Flag]]:
        built, found = self.profile.reference, []
        for place, name in enumerate(built.numbers):
            known = built.values[:, place]
            if name not in rows or name in built.signals:
                continue
            low, high, whole = np.nanmin(known), np.nanmax(known), not np.isnan(known).any()
            for at, value in enumerate(self._column(rows, name)):
                if np.isnan(value):
                    if whole:
                        found.append((at, _missing(name)))
                elif not low <= value <= high:
                    detail = f"{name} {value:.6g}, the reference has {low:.6g} to {high:.6g}"
                    found.append((at, Flag(rule="range", column=name, detail=detail)))
        return found

    def _categories(self, rows: pd.DataFrame) -> list[tuple[int, Flag]]:
        built, found = self.profile.reference, []
        for place, name in enumerate(built.categories):
            if name not in rows:
                continue
            known = set(built.classes[place])
            for at, value in enumerate(quality.keys(rows[name])):
                if value == "" and "" not in known:
                    found.append((at, _missing(name)))
                elif value not in known:
                    detail = f"{name} {value[:60]!r} is not in the reference"
                    found.append((at, Flag(rule="category", column=name, detail=detail)))
        return found

    def _column(self, rows: pd.DataFrame, name: str) -> Floats:
        """A column of numbers; what is none counts as neither missing nor beyond."""
        if name not in rows:
            return np.empty(0)
        column = rows[name]
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        built = self.profile.reference
        middle = built.centre[built.numbers.index(name)]
        return np.where(np.isnan(numbers) & column.notna().to_numpy(), middle, numbers)


def differs(answer: Any, label: Any) -> Flag | None:
    """A label of classes that is not the answer."""
    if answer == label:
        return None
    return Flag(rule="contradicted", column=None, detail=f"answered {answer}, the label is {label}")


def _far(answer: Any, label: Any, limit: float) -> Flag | None:
    away = abs(float(answer) - float(label))
    if away <= limit:
        return None
    detail = f"answered {answer:.6g}, the label is {label:.6g}: {away:.4g} away"
    return Flag(rule="contradicted", column=None, detail=detail)


def _missing(name: str) -> Flag:
    return Flag(rule="missing", column=name, detail=f"{name} has no value")


RulesOf = Callable[[str], Rules | None]
"""A version to its rules; None where it has no profile."""
