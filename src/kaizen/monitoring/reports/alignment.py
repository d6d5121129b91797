"""Aligns two tables to be drawn side by side: the columns both have, in one form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.quality import keys
from kaizen.monitoring.drift.window_values import EMBEDDING
from kaizen.monitoring.observation import MOST_CLASSES

MOST_ROWS = 5_000
"""Rows drawn at most on either side: the cost grows with them, the picture does not."""

MOST_BARS = 50
"""Values of a column of classes that are drawn by themselves."""

OTHERS = "(others)"


@dataclass(frozen=True)
class Sides:
    """Two aligned tables.

    Attributes:
        reference, window: at most :data:`MOST_ROWS` rows each; numbers are float64, classes text.
        numbers, classes: the columns, in the order in which they are drawn.
        notes: what is not drawn, in words.
        reference_digest, digest: SHA-256 of the drawn columns of either side, all rows of them.
    """

    reference: pd.DataFrame
    window: pd.DataFrame
    numbers: list[str]
    classes: list[str]
    notes: tuple[str, ...]
    reference_digest: str
    digest: str


def sides(
    reference: pd.DataFrame,
    window: pd.DataFrame,
    *,
    first: Sequence[str] = (),
    most_columns: int | None = None,
    seed: int = 0,
) -> Sides:
    """Align two tables: what can be drawn of both.

    Args:
        first: columns to draw before all others, the most important one first.
        most_columns: how many to draw, None for all.
        seed: of the rows that are drawn where there are too many.

    Raises:
        KaizenError: a side has no rows, or they share no column with values.
    """
    notes: list[str] = []
    before, after = _comparable(_named(reference), _named(window), notes)
    order = [name for name in first if name in before]
    order += [str(name) for name in before if name not in order]
    if most_columns is not None and len(order) > most_columns:
        notes.append(f"{most_columns:,} of {len(order):,} columns are drawn")
        order = order[:most_columns]
    numbers, classes = kinds(before[order], after[order])
    before, after = (_formed(side, numbers, classes) for side in (before, after))
    for name in numbers:
        _flatten(name, before, after)
    for name in classes:
        _shorten(name, before, after, notes)
    digests = [_digest(side[order]) for side in (before, after)]
    drawn = [_sample(side[order], seed) for side in (before, after)]
    for name, side in (("reference", before), ("window", after)):
        if len(side) > MOST_ROWS:
            notes.append(f"{MOST_ROWS:,} of the {name}'s {len(side):,} rows are drawn")
    return Sides(drawn[0], drawn[1], numbers, classes, tuple(notes), digests[0], digests[1])


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """With names as text, and infinite numbers as missing ones: they have no place on an axis."""
    found = frame.set_axis([str(name) for name in frame.columns], axis=1)
    amounts = found.select_dtypes("number")
    return found.assign(**amounts.where(np.isfinite(amounts)))


def _comparable(
    reference: pd.DataFrame, window: pd.DataFrame, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    for name, side in (("reference", reference), ("current", window)):
        if side.empty:
            raise KaizenError(f"no drift report: the {name} side has no rows")
    shared: list[str] = []
    alone: list[str] = []
    for name in dict.fromkeys(map(str, [*reference, *window])):
        both = name in reference and name in window
        if both and _is_vectors(reference[name]):
            notes.append(f"{name} is not drawn: its numbers mean nothing one by one")
        elif both and reference[name].notna().any() and window[name].notna().any():
            shared.append(name)
        else:
            alone.append(name)
    if not shared:
        raise KaizenError(
            f"no drift report: reference ({', '.join(map(str, reference))}) and current "
            f"({', '.join(map(str, window))}) share no column that has values"
        )
    if alone:
        notes.append(f"not drawn, as one side has no values: {', '.join(alone)}")
    return reference[shared], window[shared]


def _is_vectors(column: pd.Series[Any]) -> bool:
    present = column.dropna()
    return len(present) > 0 and isinstance(present.iloc[0], list | tuple | np.ndarray)


def kinds(reference: pd.DataFrame, window: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Columns that are amounts, and columns that are classes."""
    numbers: list[str] = []
    classes: list[str] = []
    for name in reference.columns:
        amounts = all(_is_amount(side[name]) for side in (reference, window))
        (numbers if amounts else classes).append(name)
    return numbers, classes


def _is_amount(column: pd.Series[Any]) -> bool:
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return False
    whole = pd.api.types.is_integer_dtype(column.dtype)
    return not whole or column.nunique() > MOST_CLASSES


def _formed(frame: pd.DataFrame, numbers: list[str], classes: list[str]) -> pd.DataFrame:
    columns = {name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in numbers}
    texts = {name: [key or None for key in keys(frame[name])] for name in classes}
    return pd.DataFrame(
        {**columns, **{name: pd.Series(texts[name], dtype=object) for name in texts}}
    )


def _flatten(name: str, before: pd.DataFrame, after: pd.DataFrame) -> None:
    """Numbers that differ by rounding alone as one number: a histogram has no bins for them."""
    both = np.concatenate([before[name], after[name]])
    low, high = np.nanmin(both), np.nanmax(both)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        for side in (before, after):
            side[name] = side[name].mask(side[name].notna(), low)


def _shorten(name: str, before: pd.DataFrame, after: pd.DataFrame, notes: list[str]) -> None:
    """Rare values of a column of classes as one: nobody tells hundreds of bars apart."""
    shares = [side[name].value_counts(normalize=True) for side in (before, after)]
    weights = shares[0].add(shares[1], fill_value=0).sort_values(ascending=False, kind="stable")
    if len(weights) <= MOST_BARS:
        return
    kept = set(weights.index[:MOST_BARS])
    for side in (before, after):
        rare = side[name].notna() & ~side[name].isin(kept)
        side[name] = side[name].mask(rare, OTHERS)
    notes.append(f"{name} has {len(weights):,} values, the {MOST_BARS} most frequent are drawn")


def _digest(frame: pd.DataFrame) -> str:
    found = hashlib.sha256("\n".join(frame.columns).encode())
    found.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return found.hexdigest()


def _sample(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=seed)
    return frame.reset_index(drop=True)


def reference_table(profile: Profile) -> pd.DataFrame:
    """The reference data of a profile as a table: columns of numbers, then of classes.

    Numbers are float64. Classes are text, as the profile keeps them, also where they were numbers
    or flags. Missing values are NaN and None. The embedding is left out: its distances mean
    something only to the check.
    """
    kept = profile.reference
    columns: dict[str, Any] = {
        name: kept.values[:, at]
        for at, name in enumerate(kept.numbers)
        if not (name == EMBEDDING and profile.shape.embedding)
    }
    for at, name in enumerate(kept.categories):
        known = np.array([label or None for label in kept.classes[at]], dtype=object)
        columns[name] = pd.Series(known[kept.labels[:, at]], dtype=object)
    return pd.DataFrame(columns)
