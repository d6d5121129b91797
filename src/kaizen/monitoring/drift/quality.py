"""What is wrong with a window before anything is compared, and its columns in one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaizen.monitoring.drift.result import Finding

Form = Literal["number", "text", "flag", "empty", "other"]

_NUMBERS = {"floating", "integer", "mixed-integer-float", "decimal"}


def form(column: pd.Series[Any]) -> Form:
    """What kind of values a column holds, missing ones aside."""
    if column.isna().all():
        return "empty"
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if pd.api.types.is_bool_dtype(column.dtype):
        return "flag"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "other" if pd.api.types.is_complex_dtype(column.dtype) else "number"
    found = pd.api.types.infer_dtype(column, skipna=True)
    if found in _NUMBERS:
        return "number"
    return {"string": "text", "boolean": "flag"}.get(found, "other")  # type: ignore[return-value]


def numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """A column of numbers as float64 (n,), missing ones as NaN."""
    return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)


def keys(column: pd.Series[Any]) -> NDArray[np.object_]:
    """A column of categories as text (n,), missing ones as the empty text.

    1, 1.0 and True's kin are told apart by :func:`form`, not here: pandas turns whole numbers into
    floats as soon as one is missing.
    """
    values = column.astype(object).to_numpy()
    return np.array(["" if missing else _key(value) for value, missing in _pairs(values)], object)


def _pairs(values: NDArray[np.object_]) -> zip[tuple[Any, bool]]:
    return zip(values.tolist(), pd.isna(values).tolist(), strict=True)


def _key(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def vectors(column: pd.Series[Any], size: int | None = None) -> NDArray[np.float64] | None:
    """A column of vectors as (n, d); None if they are not finite vectors of one length."""
    try:
        found = np.stack([np.asarray(value, dtype=np.float64) for value in column])
    except (TypeError, ValueError):
        return None
    right = found.ndim == 2 and size in (None, found.shape[1]) and np.isfinite(found).all()
    return found if right else None


def columns(window: pd.DataFrame, forms: Mapping[str, Form]) -> list[Finding]:
    """Columns that lack, are new, or are of another kind. ``forms`` is what the reference has."""
    found: list[Finding] = []
    known = [str(name) for name in window.columns]
    for name, expected in forms.items():
        if known.count(name) > 1:
            found.append(_finding(name, "type", f"column {name} is there twice", True))
        else:
            found += column(name, form(window[name]) if name in known else None, expected)
    found += [
        _finding(name, "new_column", f"column {name} is new: the reference has none", False)
        for name in dict.fromkeys(known)
        if name not in forms
    ]
    return found


def column(name: str, seen: str | None, expected: Form) -> list[Finding]:
    """What keeps a column that holds ``seen``, None if it is not there, from being compared."""
    if seen is None:
        return [_finding(name, "missing_column", f"column {name} is missing", True)]
    if seen == "empty":
        return [_finding(name, "no_values", f"column {name} has no values at all", True)]
    if seen != expected:
        detail = f"column {name} holds {_words(seen)}, the reference {_words(expected)}"
        return [_finding(name, "type", detail, True)]
    return []


def _words(kind: str) -> str:
    return {"number": "numbers", "text": "text", "flag": "true and false"}.get(
        kind, "neither numbers nor text"
    )


def values(name: str, window: NDArray[np.float64], reference: NDArray[np.float64]) -> list[Finding]:
    """Numbers that are missing, infinite or all the same where the reference's are not."""
    present = window[~np.isnan(window)]
    return counts(
        name,
        reference,
        rows=len(window),
        missing=len(window) - len(present),
        infinite=int(np.isinf(present).sum()),
        ends=(present.min(initial=np.inf), present.max(initial=-np.inf)),
    )


def counts(
    name: str,
    reference: NDArray[np.float64],
    *,
    rows: int,
    missing: int,
    infinite: int,
    ends: tuple[float, float],
) -> list[Finding]:
    """:func:`values` of a column of which only this much is known; ``ends`` are both extremes."""
    found: list[Finding] = []
    if infinite:
        detail = f"column {name} holds {infinite:,} infinite values"
        found.append(_finding(name, "infinite", detail, False))
    if missing and not np.isnan(reference).any():
        detail = f"column {name} lacks {missing:,} of {rows:,} values, the reference none"
        found.append(_finding(name, "missing_values", detail, False))
    varies = np.nanmin(reference) < np.nanmax(reference)
    if varies and rows - missing > 1 and ends[0] == ends[1]:
        detail = f"column {name} is always {ends[0]:g}, the reference varies"
        found.append(_finding(name, "constant", detail, False))
    return found


def labels(name: str, window: NDArray[np.object_], classes: Sequence[str]) -> list[Finding]:
    """Categories that are missing where the reference's never are."""
    return blank(name, int((window == "").sum()), len(window), classes)


def blank(name: str, missing: int, rows: int, classes: Sequence[str]) -> list[Finding]:
    """:func:`labels` of a column of which only the number of missing values is known."""
    if not missing or "" in classes:
        return []
    detail = f"column {name} lacks {missing:,} of {rows:,} values, the reference none"
    return [_finding(name, "missing_values", detail, False)]


def not_vectors(name: str, size: int) -> Finding:
    """The finding of an embedding that is missing, cut, or not finite."""
    detail = f"the {name} is not one finite vector of length {size} per row"
    return _finding(name, "unreadable", detail, True)


def _finding(name: str | None, kind: Any, detail: str, serious: bool) -> Finding:
    return Finding(column=name, kind=kind, detail=detail, serious=serious)


def too_few(rows: int, least: int) -> Finding:
    """The finding of a window that is empty or tiny."""
    detail = f"the window has {rows:,} rows: at least {least:,} are needed"
    return _finding(None, "rows", detail, True)
