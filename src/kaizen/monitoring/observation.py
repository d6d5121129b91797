"""Observations: what a use case lets monitoring see of each row, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kaizen.core.usecase import Array, Features
from kaizen.inference.scorer import Scorer

EMBEDDING, CONFIDENCE = "embedding", "confidence"
"""Observations by which a single row can be compared with others."""

MOST_CLASSES = 20
"""Whole numbers with no more distinct values than this are classes, not amounts."""


def observed(features: Features, model: Scorer, rows: pd.DataFrame) -> pd.DataFrame:
    """The observations of ``rows`` and of the model's answers to them, a column each."""
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
