"""Events that were compacted: Parquet, a file per spool file, day (UTC) and model version.

A file is named by the spool file it was made from, so making it again replaces it by itself, and a
reader knows where a spool file's events went. The service never imports this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from glob import escape
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kaizen.core.atomic import sync_folder, write_bytes
from kaizen.core.usecase import Features
from kaizen.events import columns
from kaizen.events.read import PARQUET, parsed

SUFFIX = ".parquet"
LINE = "event"
"""The column that holds the line as the service wrote it, byte for byte. The others
(``kaizen.events.columns``) say the same in types, to be scanned."""
AT = "at"
"""The column that holds the byte at which the line began in its spool file: what had been written
when somebody looked can be told from what came later (``kaizen/events/index.py``)."""
_GROUP = 8192
"""Rows in a group: what is read at once, and the grain at which times are skipped."""
_PROBES, _FORM = b"kaizen.probes", b"kaizen.form"
ROWS = b"rows"
FORM = b"3"
"""Files without one have the line, and few columns beside it; those of form 2 have no ``at``."""
_TYPED = {b"2", FORM}


@dataclass(frozen=True)
class Part:
    """One Parquet file: the spool file it came from, its model version, its day's first second."""

    path: Path
    stem: str
    version: str
    day: float

    @property
    def ends(self) -> float:
        """The second at which its day is over."""
        return self.day + 86400.0

    def lines(self, *, since: float | None = None, backwards: bool = False) -> Iterator[bytes]:
        """The lines by time, last one first if ``backwards``, a group of rows at a time.

        Groups that end before ``since`` are not read. A file that was removed has no lines.
        """
        try:
            file = pq.ParquetFile(self.path)
        except FileNotFoundError:
            return
        names = [LINE] if since is None else [LINE, "time"]
        with file:
            groups = range(file.num_row_groups)
            for group in reversed(groups) if backwards else groups:
                if since is not None and _latest(file, group) < since:
                    continue
                table = file.read_row_group(group, columns=names, use_threads=False)
                if since is not None:
                    table = table.filter(pc.greater_equal(table["time"], since))
                found: list[bytes] = table.column(LINE).to_pylist()
                yield from reversed(found) if backwards else found

    def may_hold(
        self, *, since: float | None = None, until: float | None = None, version: str | None = None
    ) -> bool:
        """Whether there may be events of ``version`` in it from ``since`` to before ``until``."""
        return (
            version in {None, self.version}
            and (since is None or self.ends > since)
            and (until is None or self.day < until)
        )

    def is_typed(self) -> bool:
        """Whether it has a column for each value, as every file that is written now."""
        return self._footer().get(_FORM) in _TYPED

    def count(self, *, probes: bool) -> int:
        """Number of events, from the file's footer alone. A file that was removed has none."""
        footer = self._footer()
        return int(footer[ROWS]) - (0 if probes else int(footer[_PROBES]))

    def _footer(self) -> dict[bytes, bytes]:
        try:
            found: Any = pq.read_metadata(self.path)
        except FileNotFoundError:
            return {_FORM: FORM, ROWS: b"0", _PROBES: b"0"}
        return {**(found.metadata or {}), ROWS: str(found.num_rows).encode()}


def _latest(file: Any, group: int) -> float:
    """The latest time in a group of rows, by the file's footer."""
    column = file.metadata.row_group(group).column(file.schema_arrow.get_field_index("time"))
    return float(column.statistics.max) if column.statistics else inf


def parts(folder: Path, stem: str | None = None) -> list[Part]:
    """The Parquet files of a use case's events, or those made from one spool file."""
    found = []
    name = "*" if stem is None else escape(stem)
    for path in (folder / PARQUET).glob(f"day=*/version=*/{name}{SUFFIX}"):
        day = datetime.fromisoformat(path.parent.parent.name.removeprefix("day="))
        found.append(
            Part(
                path=path,
                stem=path.name.removesuffix(SUFFIX),
                version=unquote(path.parent.name.removeprefix("version=")),
                day=day.replace(tzinfo=UTC).timestamp(),
            )
        )
    return sorted(found, key=lambda part: (part.day, part.stem, part.version))


def day(time: float) -> str:
    """The day (UTC) of a time, as ``2026-01-31``."""
    return _day_at(int(time // 86400))


@cache
def _day_at(number: int) -> str:
    return datetime.fromtimestamp(number * 86400, UTC).date().isoformat()


def place(folder: Path, stem: str, day: str, version: str) -> Path:
    """Where the events of a day and version lie once their spool file is compacted."""
    return folder / PARQUET / f"day={day}" / f"version={quote(version, safe='')}" / (stem + SUFFIX)


def write(
    path: Path, lines: Sequence[bytes], starts: Sequence[int], features: Features | None = None
) -> None:
    """Write the events on ``lines``, whole or not at all, and durably, also the folders above.

    Args:
        path: where to.
        lines: as in the spool file, sorted by time.
        starts: the byte at which each begins in it.
        features: the use case's, for the columns of rows that were sent as bare arrays.
    """
    tables = []
    for at in range(0, len(lines), _GROUP):
        some = lines[at : at + _GROUP]
        events = [event for line in some if (event := parsed(line)) is not None]
        table = columns.table(events, features).append_column(LINE, pa.array(some))
        tables.append(table.append_column(AT, pa.array(starts[at : at + _GROUP], pa.int64())))
    table = columns.joined(tables)
    probes = str(pc.sum(table["probe"], min_count=0).as_py()).encode()
    table = table.replace_schema_metadata({_PROBES: probes, _FORM: FORM})
    few = [
        field.name
        for field in table.schema
        if pa.types.is_string(field.type) and field.name not in {"id", "request"}
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=_GROUP, compression="zstd", use_dictionary=few)
    write_bytes(path, sink.getvalue().to_pybytes())
    for above in path.parents[1:4]:
        sync_folder(above)
