"""The drift report people read, drawn by Evidently. It explains; it never decides."""

from __future__ import annotations

import html as markup
import os
from typing import Any

import numpy as np
import pandas as pd

from kaizen.errors import KaizenError

MOST_ROWS = 5_000
"""Rows drawn at most on either side: Evidently's cost grows with them, its picture does not."""

MOST_CLASSES = 20
"""Whole numbers with no more distinct values than this are classes, not amounts."""


def html(reference: pd.DataFrame, current: pd.DataFrame, title: str, *, seed: int = 0) -> str:
    """A page of its own (about 4 MB, needs no network) that compares the columns both share.

    Raises:
        KaizenError: a side has no rows, or they share no column with values.
    """
    # Read when Evidently is imported, which takes seconds and is put off until here.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    sides = _comparable(_finite(reference), _finite(current))
    numbers, classes = _kinds(*sides)
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=classes)
    before, after = (
        Dataset.from_pandas(_sample(side, numbers, classes, seed), data_definition=definition)
        for side in sides
    )
    # A column of one value has no correlation with any other, and says so at length.
    with np.errstate(divide="ignore", invalid="ignore"):
        page = Report([DataDriftPreset()]).run(after, before).get_html_str(as_iframe=False)
    return _titled(page, title)


def _finite(frame: pd.DataFrame) -> pd.DataFrame:
    """Infinite numbers as missing ones: Evidently bins numbers, and they have no bin."""
    return frame.replace([np.inf, -np.inf], np.nan)


def _comparable(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    for name, side in (("reference", reference), ("current", current)):
        if side.empty:
            raise KaizenError(f"no drift report: the {name} side has no rows")
    shared = [
        name
        for name in reference.columns
        if name in current and reference[name].notna().any() and current[name].notna().any()
    ]
    if not shared:
        raise KaizenError(
            f"no drift report: reference ({', '.join(map(str, reference.columns))}) and current "
            f"({', '.join(map(str, current.columns))}) share no column that has values"
        )
    return reference[shared], current[shared]


def _kinds(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Columns that are amounts, and columns that are classes."""
    numbers: list[str] = []
    classes: list[str] = []
    for name in reference.columns:
        amounts = all(_is_amount(side[name]) for side in (reference, current))
        (numbers if amounts else classes).append(name)
    return numbers, classes


def _is_amount(column: pd.Series[Any]) -> bool:
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return False
    whole = pd.api.types.is_integer_dtype(column.dtype)
    return not whole or column.nunique() > MOST_CLASSES


def _sample(frame: pd.DataFrame, numbers: list[str], classes: list[str], seed: int) -> pd.DataFrame:
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=seed)
    amounts = frame[numbers].astype(float)
    labels = frame[classes].astype(str).where(frame[classes].notna(), None)
    return pd.concat([amounts, labels], axis=1).reset_index(drop=True)


def _titled(page: str, title: str) -> str:
    """The page with its title in the tab and above the picture."""
    safe = markup.escape(title)
    heading = f'<h1 style="font: 600 20px system-ui; margin: 16px">{safe}</h1>'
    page = page.replace("<head>", f"<head><title>{safe}</title>", 1)
    return page.replace("<body>", f"<body>{heading}", 1)
