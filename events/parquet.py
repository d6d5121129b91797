"""Events that were compacted: Parquet, a file per spool file, day (UTC) and model version.

A file is named by the spool file it was made from, so making it again replaces it by itself, and a
reader knows where a spool file's events went. The service never imports this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from events.read import PARQUET
from kaizen.atomic import sync_folder, write_bytes

SUFFIX = ".parquet"
_GROUP = 1024
"""Rows in a group: what is read at once, and the grain at which times are skipped."""
_PROBES = b"kaizen.probes"

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("time", pa.float64()),
        ("request", pa.string()),
        ("row", pa.int64()),
        ("probe", pa.bool_()),
        ("event", pa.binary()),
    ]
)
"""``event`` is the line as the service wrote it, byte for byte; the others are for selection."""

Row = tuple[str, float, str, int, bool, bytes]
"""A row of :data:`SCHEMA`."""


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
        wanted = None if since is None else ds.field("time") >= since
        try:
            fragment = ds.ParquetFileFormat().make_fragment(str(self.path), LocalFileSystem())
            groups = fragment.split_by_row_group(wanted)
            for group in reversed(groups) if backwards else groups:
                table = group.to_table(columns=["event"], filter=wanted, use_threads=False)
                found: list[bytes] = table.column("event").to_pylist()
                yield from reversed(found) if backwards else found
        except FileNotFoundError:
            return

    def count(self, *, probes: bool) -> int:
        """Number of events, from the file's footer alone."""
        metadata: Any = pq.read_metadata(self.path)
        return int(metadata.num_rows) - (0 if probes else int(metadata.metadata[_PROBES]))


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


def place(folder: Path, stem: str, time: float, version: str) -> Path:
    """Where an event of this time and version lies once its spool file is compacted."""
    day = datetime.fromtimestamp(time, UTC).date().isoformat()
    return folder / PARQUET / f"day={day}" / f"version={quote(version, safe='')}" / (stem + SUFFIX)


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write ``rows``, whole or not at all, and durably, also the folders above."""
    columns = [
        pa.array(list(column), kind.type)
        for column, kind in zip(zip(*rows, strict=True), SCHEMA, strict=True)
    ]
    probes = str(sum(row[4] for row in rows)).encode()
    table = pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata({_PROBES: probes}))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=_GROUP, compression="zstd")
    write_bytes(path, sink.getvalue().to_pybytes())
    for above in path.parents[1:4]:
        sync_folder(above)
