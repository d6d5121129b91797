"""The columns of a request as arrays, each refused by its name. Travels with every model.

It imports no more than a use case's ``features`` may.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kaizen.core.usecase import Array, InvalidInput

if TYPE_CHECKING:
    from kaizen.core.usecase import Columns


def numbers(names: Sequence[str], columns: Columns) -> Array:
    """The columns ``names`` as finite float64 (n, len(names)).

    Raises:
        InvalidInput: one is missing, shorter than another, or holds what is no finite number.
    """
    return _table({name: _numbers(name, columns) for name in names})


def categories(known: dict[str, tuple[str, ...]], columns: Columns) -> Array:
    """The columns that ``known`` names as text (n, len(known)), of dtype object.

    Raises:
        InvalidInput: one is missing, shorter than another, or holds what is not among its known
            values.
    """
    return _table({name: _categories(name, columns, kinds) for name, kinds in known.items()})


def _table(parts: dict[str, Array]) -> Array:
    lengths = {name: len(part) for name, part in parts.items()}
    shortest = min(lengths, key=lambda name: lengths[name])
    most = max(lengths.values())
    if lengths[shortest] < most:
        raise InvalidInput(shortest, f"has {lengths[shortest]} values where others have {most}")
    return np.column_stack(list(parts.values()))


def _numbers(name: str, columns: Columns) -> Array:
    """One column as finite float64 (n,)."""
    if name not in columns:
        raise InvalidInput(name, "is missing: expected a number")
    try:
        values = np.asarray(columns[name], dtype=np.float64)
    except (TypeError, ValueError):
        row, value = next(
            (at, value) for at, value in enumerate(columns[name]) if not _is_number(value)
        )
        raise InvalidInput(name, f"is {value!r}: expected a number", row) from None
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InvalidInput(name, f"is {values[row]}: expected a finite number", row)
    return values


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _categories(name: str, columns: Columns, known: tuple[str, ...]) -> Array:
    """One column as text (n,)."""
    expected = f"expected {' or '.join(map(repr, known))}"
    if name not in columns:
        raise InvalidInput(name, f"is missing: {expected}")
    values = np.asarray(columns[name], dtype=object)
    for row, value in enumerate(values):
        if value not in known:
            raise InvalidInput(name, f"is {value!r}: {expected}"[:200], row)
    return values
