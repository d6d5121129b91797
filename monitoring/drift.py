"""Between pipelines and the engine: what monitoring sees of rows, and what a drift check found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kaizen.results import Record
from kaizen.usecase import Array, Features
from monitoring.profile import Profile
from monitoring.report import MOST_CLASSES
from monitoring.verdict import Verdict
from serving.scorer import Scorer

EMBEDDING, CONFIDENCE = "embedding", "confidence"
"""Observations that say of a row by itself whether it is like others."""

WINDOW = 500
"""Rows of a window, or a quarter of the reference where that is less."""


class DriftCheck(Record):
    """What one drift check found.

    Attributes:
        compared: whether there was something to compare with.
        reference_rows, current_rows: rows on either side.
        verdict: None where nothing was compared.
        note: in words, for people.
    """

    compared: bool
    reference_rows: int
    current_rows: int
    verdict: Verdict | None = None
    note: str


def nothing_to_compare(current_rows: int, why: str) -> DriftCheck:
    """The check of data that can be held against nothing."""
    return DriftCheck(compared=False, reference_rows=0, current_rows=current_rows, note=why)


def compared(verdict: Verdict) -> DriftCheck:
    """The check of data that was held against the champion's profile."""
    return DriftCheck(
        compared=verdict.p_value is not None,
        reference_rows=verdict.reference_rows,
        current_rows=verdict.window_rows,
        verdict=verdict,
        note=verdict.summary,
    )


def profile_of(seen: pd.DataFrame, seed: int) -> Profile:
    """The profile of rows as they were observed, by the names that observations have.

    Raises:
        KaizenError: they are too few, or cannot be used.
    """
    embedding = EMBEDDING if EMBEDDING in seen else None
    rows = len(seen) // (2 if embedding else 1)
    return Profile.fit(
        seen,
        categorical=[str(name) for name in seen if _is_class(seen[name])],
        embedding=embedding,
        confidence=CONFIDENCE if CONFIDENCE in seen else None,
        window=max(10, min(WINDOW, rows // 4)),
        seed=seed,
    )


def _is_class(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_integer_dtype(column.dtype)) and column.nunique() <= MOST_CLASSES


def observed(features: Features, model: Scorer, rows: pd.DataFrame) -> pd.DataFrame:
    """What monitoring sees of ``rows`` as ``model`` answers them, a column per observation."""
    inputs = features.decode({str(name): rows[name] for name in rows.columns})
    return observe_frame(features.observe(inputs, model(inputs)))


def observe_frame(found: Mapping[str, Array]) -> pd.DataFrame:
    """Observations of n rows as a table of n rows; the embedding is one column of vectors.

    Raises:
        ValueError: an observation is not one value, or one vector, per row.
    """
    columns: dict[str, Any] = {
        name: list(values) if np.ndim(values) > 1 else values for name, values in found.items()
    }
    return pd.DataFrame(columns)


def drawable(seen: pd.DataFrame) -> pd.DataFrame:
    """``seen`` without the embedding, whose numbers mean nothing one by one in a report."""
    return seen.drop(columns=EMBEDDING, errors="ignore")
