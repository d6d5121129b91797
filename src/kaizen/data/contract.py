"""Judges data before anything learns from it, and sets aside what breaks the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors

from kaizen.core.paths import Home
from kaizen.core.usecase import UseCase
from kaizen.data import quarantine
from kaizen.data.digest import row_digests
from kaizen.data.faults import BadData, Fault, shown

DUPLICATES = 0.01
"""Largest share of rows that may repeat another."""


def read(usecase: UseCase, data: Any, home: Home) -> pd.DataFrame:
    """The use case's data as it comes; a file that cannot be read is quarantined.

    Raises:
        BadData: it cannot be read.
        KaizenError: the source is missing or damaged.
    """
    try:
        return usecase.load(data)
    except BadData as bad:
        if bad.path is None:
            raise
        kept = quarantine.keep_file(usecase.name, bad.path, bad.faults, home)
        raise BadData(bad.what, bad.faults, bad.path, kept) from bad


def check(
    frame: pd.DataFrame,
    schema: pa.DataFrameSchema,
    usecase: str,
    home: Home,
    duplicates: float = DUPLICATES,
) -> pd.DataFrame:
    """``frame`` as the schema returns it (types coerced where it says so).

    Args:
        frame: the data, one row per example.
        schema: the use case's contract.
        usecase: its name.
        home: where bad data is quarantined.
        duplicates: largest share of rows that may repeat another.

    Raises:
        BadData: something is wrong; every kind of failure is named, and where the data is kept.
    """
    checked, found = faults(frame, schema, duplicates)
    if found:
        kept = quarantine.keep(usecase, frame, found, home) if len(frame.columns) else None
        raise BadData(f"{usecase} data ({len(frame)} rows)", found, kept=kept)
    return checked


def faults(
    frame: pd.DataFrame, schema: pa.DataFrameSchema, duplicates: float = DUPLICATES
) -> tuple[pd.DataFrame, list[Fault]]:
    """``frame`` as the schema returns it, and everything that is wrong with it."""
    if frame.empty:
        return frame, [Fault("empty", "the data is empty: expected rows")]
    found: list[Fault] = []
    checked = frame
    try:
        checked = schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        found = _causes(list(_in_words(errors.schema_errors, frame)))
    found += _repeated(frame, duplicates)
    return checked, found


def _repeated(frame: pd.DataFrame, most: float) -> list[Fault]:
    repeats = len(frame) - len(set(row_digests(frame)))
    share = repeats / len(frame)
    if share <= most:
        return []
    message = (
        f"{repeats} of {len(frame)} rows ({share:.1%}) repeat another row: at most {most:.1%} may"
    )
    return [Fault("duplicates", message, rows=repeats)]


def _causes(found: list[Fault]) -> list[Fault]:
    """``found`` without what only follows from a column that is absent or of a wrong type."""
    mistyped = {fault.column for fault in found if fault.kind == "type"}
    unsound = any(fault.kind in ("schema", "type") for fault in found)
    return [
        fault
        for fault in found
        if fault.kind in ("schema", "type")
        or not (fault.column in mistyped or (unsound and fault.column is None))
    ]


def _in_words(errors: list[SchemaError], frame: pd.DataFrame) -> Iterator[Fault]:
    """One fault per kind of failure. A check that could not run follows from another fault."""
    missing = {
        error.schema.name
        for error in errors
        if error.reason_code is SchemaErrorReason.SERIES_CONTAINS_NULLS
    }
    silent = True
    for error in errors:
        fault = _fault(error, frame, missing)
        if fault is not None:
            silent = False
            yield fault
    if silent:  # nothing but checks that broke: never let such data through without a word
        yield Fault("type", f"the data cannot be checked: {errors[0]}"[:300])


def _fault(error: SchemaError, frame: pd.DataFrame, missing: set[Any]) -> Fault | None:
    code = error.reason_code
    column = error.schema.name
    if code is SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME:
        name = str(error.failure_cases)
        return Fault("schema", f"column {name!r} is missing", name)
    if code is SchemaErrorReason.COLUMN_NOT_IN_SCHEMA:
        name = str(error.failure_cases)
        known = ", ".join(map(str, error.schema.columns))
        return Fault("schema", f"column {name!r} is not expected: expected {known}", name)
    if code is SchemaErrorReason.SERIES_CONTAINS_NULLS:
        rows = int(frame[column].isna().sum())
        return Fault("missing", f"column {column!r}: {rows} rows have no value", column, rows)
    if code is SchemaErrorReason.SERIES_CONTAINS_DUPLICATES:
        repeats = frame[column][frame[column].duplicated()]
        examples = shown(list(repeats))
        message = f"column {column!r}: {len(repeats)} rows repeat a value ({_such_as(examples)})"
        return Fault("duplicates", message, column, len(repeats), examples)
    if code in (SchemaErrorReason.WRONG_DATATYPE, SchemaErrorReason.DATATYPE_COERCION):
        dtype = frame[column].dtype
        if column in missing and pd.api.types.is_numeric_dtype(dtype):
            return None  # whole numbers with gaps are read as decimals: the gaps are the fault
        return _wrong_type(column, frame[column], str(error.schema.dtype))
    if code is SchemaErrorReason.DATAFRAME_CHECK:
        return _broken_rule(error, column)
    return None


def _wrong_type(column: str, values: pd.Series, expected: str) -> Fault:
    texts = values[values.map(lambda value: isinstance(value, str)).astype(bool)]
    # One word among numbers makes them all text: the word is the fault.
    words = texts[pd.to_numeric(texts, errors="coerce").isna()]
    examples = shown(list(words) or list(texts) or list(values.head(3)))
    message = f"column {column!r} is {values.dtype}, expected {expected} ({_such_as(examples)})"
    return Fault("type", message, column, len(values), examples)


def _broken_rule(error: SchemaError, column: str | None) -> Fault:
    rule = error.check.error or error.check.name
    cases = error.failure_cases
    if column is None or not isinstance(cases, pd.DataFrame) or cases["index"].isna().all():
        where = f"column {column!r}" if column else "the data"
        return Fault("distribution", f"{where} breaks the rule: {rule}", column)
    examples = shown(list(cases["failure_case"]))
    message = f"column {column!r}: {len(cases)} rows break the rule: {rule} ({_such_as(examples)})"
    return Fault("value", message, column, len(cases), examples)


def _such_as(examples: tuple[str, ...]) -> str:
    return f"such as {', '.join(examples)}"
