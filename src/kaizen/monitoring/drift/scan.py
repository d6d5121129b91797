"""Histograms of windows that are tables, in one scan, in little memory.

DuckDB reads and casts, numpy counts batch by batch on the reference's own edges: faster than
DuckDB's ``histogram`` and than any search in SQL, and a NaN, -0.0, an infinity or null is what it
is to ``Profile.check``. (To DuckDB a NaN is a number, equal to itself and above infinity.)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kaizen.core.errors import UsageError
from kaizen.events.scan import connect
from kaizen.monitoring.drift import quality
from kaizen.monitoring.drift.binning import Grid, grid
from kaizen.monitoring.drift.histogram import ABSENT, EMPTY, MIXED, Histogram, fingerprint
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.statistics import Floats
from kaizen.monitoring.drift.window_values import EMBEDDING

BATCH = 32_768
"""Rows at once: a column of them fits the second cache."""

_NUMBERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
    "FLOAT", "DOUBLE", "HUGEINT", "UHUGEINT", "DECIMAL",
}  # fmt: skip
_WIDE = {"HUGEINT", "UHUGEINT", "DECIMAL"}
"""Numbers that tables of pandas hold as floats."""

Source = duckdb.DuckDBPyRelation | Path | str


def histogram(
    profile: Profile, source: Source, columns: Mapping[str, str] | None = None
) -> Histogram:
    """Count a window for :meth:`Profile.check_histogram`.

    Args:
        profile: whose edges and classes are counted on.
        source: a relation, or Parquet: a file, or a pattern of files.
        columns: SQL by name of observation, such as ``{"bmi": '"inputs.bmi"'}``; it is executed as
            it stands. Names that are not there are the column of that name, or else
            ``inputs.NAME``, or ``response.NAME`` (:func:`kaizen.events.scan.relation`).

    Raises:
        UsageError: DuckDB cannot read the source, or an expression.
    """
    try:
        return _counted(profile, _relation(source), columns or {})
    except duckdb.Error as error:
        raise UsageError(f"cannot count {source if not _is(source) else 'it'}: {error}") from error


def _is(source: Source) -> bool:
    return isinstance(source, duckdb.DuckDBPyRelation)


def _relation(source: Source) -> duckdb.DuckDBPyRelation:
    if isinstance(source, duckdb.DuckDBPyRelation):
        return source
    return connect().read_parquet(str(source))


def _counted(
    profile: Profile, relation: duckdb.DuckDBPyRelation, given: Mapping[str, str]
) -> Histogram:
    reference = profile.reference
    numbers = [Numbers(edges, column) for edges, column in _columns_of_numbers(profile)]
    categories = [Categories(known, reference.breadth) for known in reference.classes]
    names = [*reference.numbers, *reference.categories]
    hidden = {EMBEDDING} if profile.shape.embedding else set()
    asked = {
        name: sql for name in names if name not in hidden and (sql := _sql(name, relation, given))
    }
    kinds = _kinds(relation, asked)
    forms = {name: _form(kind) for name, kind in kinds.items()}
    chosen = ", ".join(
        f"{_read(sql, kinds[name], name in reference.numbers)} AS c{names.index(name)}"
        for name, sql in asked.items()
    )
    rows = 0
    counters: list[Numbers | Categories] = [*numbers, *categories]
    for batch in relation.project(chosen or "1").to_arrow_reader(BATCH):
        rows += batch.num_rows
        for name in asked:
            at = names.index(name)
            counters[at].add(batch.column(f"c{at}"))
    for at, name in enumerate(names):
        if name not in asked:
            counters[at].add(pa.nulls(rows, pa.float64()))
        elif counters[at].missing == rows:
            forms[name] = EMPTY
    return Histogram(
        profile=fingerprint(reference),
        rows=rows,
        forms=tuple(forms.get(name, ABSENT) for name in names),
        numbers=_stacked([one.counts for one in numbers], reference.width),
        categories=_stacked([one.counts for one in categories], reference.breadth),
        lower=np.array([one.lower for one in numbers], np.int64),
        infinite=np.array([one.infinite for one in numbers], np.int64),
        blank=np.array([one.blank for one in categories], np.int64),
        low=np.array([one.low for one in numbers], np.float64),
        high=np.array([one.high for one in numbers], np.float64),
    )


class Numbers:
    """Counts of one column of numbers so far."""

    def __init__(self, edges: Floats, lowest: float) -> None:
        self.grid: Grid = grid(edges[np.isfinite(edges)])
        self.lowest = lowest
        self.beyond = len(self.grid.edges) + 1
        self.counts = np.zeros(len(edges) + 2, dtype=np.int64)
        self.lower = self.infinite = 0
        self.low, self.high = np.inf, -np.inf

    @property
    def missing(self) -> int:
        return int(self.counts[0])

    def add(self, column: pa.Array) -> None:
        """Count some more. Null and NaN are missing."""
        values: Floats = column.drop_null().to_numpy(zero_copy_only=False)
        if not len(values) or np.isnan(low := values.min()):
            values = values[~np.isnan(values)]
            low = values.min(initial=np.inf)
        high = values.max(initial=-np.inf)
        self.counts[0] += len(column) - len(values)
        self.counts[1 : self.beyond + 1] += self.grid.count(values)
        if low < self.lowest:
            self.lower += int((values < self.lowest).sum())
        if np.isinf(low) or np.isinf(high):
            self.infinite += int(np.isinf(values).sum())
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))


class Categories:
    """Counts of one column of categories so far."""

    def __init__(self, known: tuple[str, ...], breadth: int) -> None:
        self.positions = {value: place for place, value in enumerate(known)}
        self.counts = np.zeros(breadth, dtype=np.int64)
        self.missing = self.blank = 0

    def add(self, column: pa.Array) -> None:
        """Count some more: each value once as Python's, by the names that a check gives it."""
        found = pc.value_counts(column)
        times = found.field("counts").to_numpy()
        values = pd.Series(found.field("values").to_pylist(), dtype=object)
        keys = quality.keys(values)
        for key, count in zip(keys, times.tolist(), strict=True):
            self.counts[self.positions.get(key, len(self.positions))] += count
        self.missing += int(times[values.isna()].sum())
        self.blank += int(times[keys == ""].sum())


def _columns_of_numbers(profile: Profile) -> list[tuple[Floats, float]]:
    """Edges and the smallest value of each."""
    reference = profile.reference
    return [
        (edges, float(np.nanmin(values)))
        for edges, values in zip(reference.edges, reference.values.T, strict=True)
    ]


def _stacked(counts: list[Any], width: int) -> Any:
    return np.array(counts, dtype=np.int64).reshape(len(counts), width)


def _sql(name: str, relation: duckdb.DuckDBPyRelation, given: Mapping[str, str]) -> str | None:
    """What to select for an observation; None where nothing is."""
    if name in given:
        return given[name]
    for column in (name, f"inputs.{name}", f"response.{name}"):
        if column in relation.columns:
            return '"' + column.replace('"', '""') + '"'
    return None


def _kinds(relation: duckdb.DuckDBPyRelation, asked: Mapping[str, str]) -> dict[str, str]:
    """DuckDB's types of what is selected."""
    if not asked:
        return {}
    types = relation.project(", ".join(f"({sql})" for sql in asked.values())).types
    return {name: str(kind) for name, kind in zip(asked, types, strict=True)}


def _form(kind: str) -> str:
    """What values of a type of DuckDB's are to a check."""
    base = kind.partition("(")[0]
    if base in _NUMBERS:
        return "number"
    if base in {"VARCHAR", "ENUM"}:
        return "text"
    return {"BOOLEAN": "flag", '"NULL"': EMPTY}.get(kind, MIXED)


def _read(sql: str, kind: str, number: bool) -> str:
    """SQL of the values to count; of those that cannot be, only whether they are there."""
    form, base = _form(kind), kind.partition("(")[0]
    if (number and form == "number") or base in _WIDE:
        return f"CAST(({sql}) AS DOUBLE)"
    if number or form in {MIXED, EMPTY}:
        return f"CASE WHEN ({sql}) IS NOT NULL THEN 0.0::DOUBLE END"
    return f"CAST(({sql}) AS VARCHAR)" if form == "text" else f"({sql})"
