"""Rows that are spoilt on purpose, each in a way that the use case refuses."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import Features, InvalidInput

Row = dict[str, Any]
HUGE = "1e999"
"""A number of JSON that no float holds."""


def as_json(row: Row) -> str:
    """A row as it goes over the wire; what is no number is null."""
    clean = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
    return json.dumps(clean, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def refused(features: Features, text: str) -> bool:
    """Whether a service of the use case refuses this row."""
    return refusals(features, [text])[0]


def refusals(features: Features, texts: Sequence[str]) -> list[bool]:
    """Of each row whether a service of the use case refuses it."""
    read: dict[int, BaseModel] = {}
    for at, text in enumerate(texts):
        with suppress(ValidationError):
            read[at] = features.Request.model_validate_json(text, strict=True)
    while read and (bad := _undecodable(features, list(read.values()))) is not None:
        del read[list(read)[bad]]
    return [at not in read for at in range(len(texts))]


def _undecodable(features: Features, rows: Sequence[BaseModel]) -> int | None:
    """The first row that cannot be decoded."""
    fields = features.Request.model_fields
    try:
        features.decode({name: [getattr(row, name) for row in rows] for name in fields})
    except InvalidInput as error:
        if error.row is not None or len(rows) == 1:
            return error.row or 0
        alone = (at for at, row in enumerate(rows) if _undecodable(features, [row]) is not None)
        return next(alone, 0)
    return None


def spoilt(features: Features, row: Row, random: np.random.Generator) -> str:
    """The JSON of ``row`` with one thing wrong with it.

    Raises:
        KaizenError: the use case takes whatever comes.
    """
    fields = sorted(name for name in row if row[name] is not None)
    for at in random.permutation(len(WAYS)):
        for field in random.permutation(fields).tolist():
            text = WAYS[at](row, field)
            if text is not None and refused(features, text):
                return text
    raise KaizenError(f"{features.name} takes any row: none can be malformed")


def _missing(row: Row, field: str) -> str:
    return as_json({name: value for name, value in row.items() if name != field})


def _wrong_type(row: Row, field: str) -> str:
    return as_json({**row, field: {"value": row[field] is not None}})


def _out_of_range(row: Row, field: str) -> str | None:
    if isinstance(row[field], bool) or not isinstance(row[field], int | float):
        return None
    marked = as_json({**row, field: None})
    key = json.dumps(field, ensure_ascii=False)
    return marked.replace(f"{key}:null", f"{key}:{HUGE}", 1)


def _cut(row: Row, field: str) -> str | None:
    """Text that ends too early, also in the middle of a group of base64."""
    if not isinstance(row[field], str):
        return None
    return as_json({**row, field: row[field][: len(row[field]) // 2 - 1]})


def _unknown_key(row: Row, field: str) -> str:
    return as_json({**row, f"{field}_2": row[field]})


WAYS: tuple[Callable[[Row, str], str | None], ...] = (
    _missing,
    _wrong_type,
    _out_of_range,
    _cut,
    _unknown_key,
)
