"""The seam for drift verdicts: what monitoring sees of rows, and what was found in them.

The calibrated engine will fill in the verdict. Until then a check says what was compared and
claims nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kaizen.results import Record
from kaizen.usecase import Array, Features
from serving.scorer import Scorer

EMBEDDING = "embedding"


class DriftCheck(Record):
    """What one drift check found.

    Attributes:
        compared: whether there was something to compare with.
        reference_rows, current_rows: rows on either side.
        verdict: None until there is an engine whose false alarms are calibrated.
        note: in words, for people.
    """

    compared: bool
    reference_rows: int
    current_rows: int
    verdict: None = None
    note: str


def nothing_to_compare(current_rows: int) -> DriftCheck:
    """The check of data that comes before any champion."""
    note = "There is no champion yet: nothing to compare with."
    return DriftCheck(compared=False, reference_rows=0, current_rows=current_rows, note=note)


def compared(reference_rows: int, current_rows: int) -> DriftCheck:
    """The check of data that was drawn beside the champion's."""
    return DriftCheck(
        compared=True,
        reference_rows=reference_rows,
        current_rows=current_rows,
        note=f"{reference_rows:,} rows of the champion's data beside {current_rows:,} new ones.",
    )


def observed(features: Features, model: Scorer, rows: pd.DataFrame) -> pd.DataFrame:
    """What monitoring sees of ``rows`` as ``model`` answers them, a column per figure."""
    inputs = features.decode({str(name): rows[name] for name in rows.columns})
    return observe_frame(features.observe(inputs, model(inputs)))


def observe_frame(found: Mapping[str, Array]) -> pd.DataFrame:
    """Observations of n rows as a table of n rows.

    The embedding is left out: its columns mean nothing one by one.

    Raises:
        ValueError: an observation is not one value per row.
    """
    columns: dict[str, Any] = {name: values for name, values in found.items() if name != EMBEDDING}
    return pd.DataFrame(columns)
