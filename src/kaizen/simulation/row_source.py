"""The rows that a source of traffic draws from, and how their columns are changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaizen.core.errors import UsageError, unknown
from kaizen.core.usecase import UseCase

Floats = NDArray[np.float64]
Change = Callable[[Floats], Floats]


class Pool:
    """All rows of one source.

    Args:
        name: of the source.
        frame: its rows, with the columns that the use case loads; the truth may be missing.
        case: the use case.
    """

    def __init__(self, name: str, frame: pd.DataFrame, case: UseCase) -> None:
        self.name = name
        self.frame = frame.reset_index(drop=True)
        self.case = case
        self._known: dict[tuple[str, str], float] = {}

    def column(self, name: str) -> pd.Series:
        """A column that may be changed: any but the truth.

        Raises:
            UsageError: there is none; the nearest is offered.
        """
        known = [str(each) for each in self.frame if each != self.case.target]
        if name not in known:
            raise unknown(f"column of source {self.name!r}", name, known)
        return self.frame[name]

    def truth(self, why: str) -> pd.Series:
        """What is true of the rows.

        Raises:
            UsageError: nothing is; ``why`` says what it was needed for.
        """
        target = self.case.target
        if target is None or target not in self.frame:
            raise UsageError(f"source {self.name!r} of {self.case.name} has no truth: {why}")
        return self.frame[target]

    def field(self, name: str) -> None:
        """Refuse a name that no request has.

        Raises:
            UsageError: the nearest is offered.
        """
        fields = self.case.features.Request.model_fields
        if name not in fields:
            raise unknown(f"field of a request to {self.case.name}", name, fields)

    def spread(self, name: str) -> float:
        """Standard deviation of a column; of all pixels where it holds pictures."""
        return self._measured("spread", name, np.std)

    def middle(self, name: str) -> float:
        """Median of a column, likewise."""
        return self._measured("middle", name, np.median)

    def _measured(self, what: str, name: str, of: Callable[[Floats], np.floating]) -> float:
        if (what, name) not in self._known:
            values = numbers(self.frame[name], self.name)
            self._known[what, name] = float(of(values[np.isfinite(values)]))
        return self._known[what, name]


def numbers(column: pd.Series, source: str) -> Floats:
    """A column as numbers (n,); pictures as their pixels (n, pixels).

    Raises:
        UsageError: it holds neither.
    """
    if len(column) and all(isinstance(value, bytes) for value in column):
        rows = [np.frombuffer(value, np.uint8) for value in column]
        return np.stack(rows).astype(np.float64)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise UsageError(
            f"column {str(column.name)!r} of source {source!r} holds no numbers: it cannot be "
            "shifted, scaled, compared or given noise"
        )
    return column.to_numpy(np.float64)


def changed(column: pd.Series, change: Change, source: str, *, whole: bool = True) -> pd.Series:
    """``column`` with other numbers: pixels stay 0 to 255, and with ``whole`` counts stay whole."""
    before = numbers(column, source)
    after = change(before)
    if before.ndim > 1:
        pixels = np.clip(np.rint(after), 0, 255).astype(np.uint8)
        return pd.Series([row.tobytes() for row in pixels], column.index, dtype=object)
    counts = whole and pd.api.types.is_integer_dtype(column.dtype)
    return pd.Series(np.rint(after) if counts else after, column.index)
