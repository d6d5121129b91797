"""The drift check of training data, and the profile that later checks compare with."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kaizen.core.results import Record
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.observation import CONFIDENCE, EMBEDDING, MOST_CLASSES

WINDOW = 500
"""Rows of a window, or a quarter of the reference where that is less."""


class DriftCheck(Record):
    """What one drift check found.

    Attributes:
        compared: whether there was something to compare with.
        reference_rows, current_rows: rows on either side.
        verdict: the drift result; None where nothing was compared.
        note: in words, for people.
    """

    compared: bool
    reference_rows: int
    current_rows: int
    verdict: DriftResult | None = None
    note: str


def nothing_to_compare(current_rows: int, why: str) -> DriftCheck:
    """The check of data that can be held against nothing."""
    return DriftCheck(compared=False, reference_rows=0, current_rows=current_rows, note=why)


def compared(result: DriftResult) -> DriftCheck:
    """The check of data that was held against the champion's profile."""
    return DriftCheck(
        compared=result.p_value is not None,
        reference_rows=result.reference_rows,
        current_rows=result.window_rows,
        verdict=result,
        note=result.summary,
    )


def profile_of(seen: pd.DataFrame, seed: int, learnt: pd.DataFrame | None = None) -> Profile:
    """The profile of rows as they were observed, by the names that observations have.

    Args:
        seen: rows that the model has not learnt from.
        learnt: rows that it has: embeddings are measured by their distance from these. Where there
            are none, half of ``seen`` is spent on it.

    Raises:
        KaizenError: they are too few, or cannot be used.
    """
    embedding = EMBEDDING if EMBEDDING in seen else None
    rows = len(seen) // (2 if embedding and learnt is None else 1)
    return Profile.fit(
        seen,
        categorical=[str(name) for name in seen if _is_class(seen[name])],
        embedding=embedding,
        confidence=CONFIDENCE if CONFIDENCE in seen else None,
        anchors=learnt,
        window=max(10, min(WINDOW, rows // 4)),
        seed=seed,
    )


def _is_class(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_integer_dtype(column.dtype)) and column.nunique() <= MOST_CLASSES
