"""What a reference must be, and the part of it that is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift import quality, window_values
from kaizen.monitoring.drift.quality import Form
from kaizen.monitoring.drift.statistics import Floats
from kaizen.monitoring.drift.window_values import EMBEDDING

MOST_ROWS = 10_000
"""Rows of a reference kept; more change no verdict that matters and cost time."""

MOST_ANCHORS = 5_000
LEAST_ROWS = 100
"""Rows of the smallest reference that can be calibrated."""

LEAST_WINDOW = 10
MOST_CLASSES = 1_000


def vector_columns(rows: pd.DataFrame, embedding: str | Sequence[str] | None) -> list[str]:
    """The columns of the embedding."""
    names = [embedding] if isinstance(embedding, str) else list(embedding or ())
    for name in names:
        if name not in rows:
            raise KaizenError(f"no profile: the reference lacks the embedding's column {name!r}")
    return names


def embedded(
    rows: pd.DataFrame, names: Sequence[str], vector: bool, size: int | None = None
) -> Floats:
    """The embedding of each row, (n, d).

    Raises:
        KaizenError: it is not one finite vector of one length per row.
    """
    found = window_values.vectors(rows, names, vector, size)
    if found is None or not len(found):
        raise KaizenError(
            f"no profile: embedding {', '.join(names)[:80]} is not one finite vector of one length "
            "per row"
        )
    return found


def forms_of(
    rows: pd.DataFrame,
    embedding: Sequence[str],
    categorical: Sequence[str],
    confidence: str | None,
) -> dict[str, Form]:
    """What each column besides the embedding's holds."""
    known = [str(name) for name in rows.columns]
    twice = {name for name in known if known.count(name) > 1}
    if twice:
        raise KaizenError(f"no profile: the reference has {', '.join(sorted(twice))} twice")
    for name in (*categorical, *([confidence] if confidence is not None else [])):
        if name not in rows:
            raise KaizenError(f"no profile: the reference lacks column {name!r}")
    forms = {str(name): quality.form(rows[name]) for name in rows if name not in embedding}
    if EMBEDDING in forms and embedding:
        raise KaizenError(f"no profile: a column is called {EMBEDDING!r} besides the embedding")
    for name, kind in forms.items():
        if kind == "empty":
            raise KaizenError(f"no profile: column {name} of the reference has no values")
        if kind == "other":
            raise KaizenError(
                f"no profile: column {name} of the reference holds neither numbers, text nor flags"
            )
    if confidence is not None and (forms[confidence] != "number" or confidence in categorical):
        raise KaizenError(f"no profile: confidence {confidence} does not hold numbers")
    return forms


def kept(
    rows: pd.DataFrame, embedding: bool, random: np.random.Generator
) -> tuple[pd.DataFrame, str]:
    """The rows kept, in random order, and what was done in words."""
    most = MOST_ROWS + (MOST_ANCHORS if embedding else 0)
    order = random.permutation(len(rows))[:most]
    note = f"{most:,} of the reference's {len(rows):,} rows were drawn" if len(rows) > most else ""
    return rows.iloc[order], note


def enough(rows: int, window: int, embedding: bool) -> None:
    """Refuse a reference of too few rows."""
    if window < LEAST_WINDOW:
        raise KaizenError(
            f"no profile: a window of {window:,} rows, expected {LEAST_WINDOW:,} or more"
        )
    least = max(LEAST_ROWS, 2 * window)
    if rows < least:
        half = " beside the anchors of the embedding" if embedding else ""
        raise KaizenError(
            f"no profile: the reference has {rows:,} rows{half}, a window of {window:,} needs "
            f"{least:,} or more: give more rows, or windows of {max(rows // 2, 0):,} at most"
        )


def usable(numbers: dict[str, Floats], categories: dict[str, NDArray[np.object_]]) -> None:
    """Refuse columns that nothing can be held against."""
    if not numbers and not categories:
        raise KaizenError("no profile: the reference has no columns")
    for name, values in numbers.items():
        if np.isinf(values).any():
            raise KaizenError(f"no profile: column {name} of the reference holds infinite values")
        if np.isnan(values).all():
            raise KaizenError(f"no profile: column {name} of the reference has no values")
    for name, labels in categories.items():
        distinct = len(set(labels.tolist()))
        if distinct > min(MOST_CLASSES, len(labels) // 2):
            raise KaizenError(
                f"no profile: column {name} has {distinct:,} values in {len(labels):,} rows, too "
                "many for categories: leave it out"
            )
