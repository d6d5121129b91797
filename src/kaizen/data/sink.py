"""A table written row by row: CSV, Parquet or JSON lines by its name, whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from kaizen.core.atomic import replacing
from kaizen.core.errors import UsageError

Row = Mapping[str, Any]
Write = Callable[[Sequence[Row]], None]

KINDS: dict[str, Any] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}
"""What a column holds, by JSON schema's name; any other is written as a text of JSON."""


def check(path: Path) -> Path:
    """``path`` itself.

    Raises:
        UsageError: its name says of no format that can be written.
    """
    if path.suffix.lower() not in _WRITERS:
        raise UsageError(f"{path} cannot be written: expected {', '.join(_WRITERS)}")
    return path


@contextmanager
def writing(path: Path, columns: Mapping[str, str]) -> Iterator[Write]:
    """Takes rows until the end of the block, when ``path`` is there; if it fails, it is not.

    Args:
        columns: name to kind, in order (see :data:`KINDS`). A missing value is null.
    """
    with replacing(check(path)) as file, _WRITERS[path.suffix.lower()](file, columns) as write:
        yield write


@contextmanager
def _csv(file: BinaryIO, columns: Mapping[str, str]) -> Iterator[Write]:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)

    def write(rows: Sequence[Row]) -> None:
        writer.writerows(
            [_cell(kind, row.get(name)) for name, kind in columns.items()] for row in rows
        )

    yield write
    text.detach()  # flushes; the file is its opener's to close


def _cell(kind: str, value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value if kind in KINDS else _text(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()


@contextmanager
def _parquet(file: BinaryIO, columns: Mapping[str, str]) -> Iterator[Write]:
    schema = pa.schema([(name, KINDS.get(kind, pa.string())) for name, kind in columns.items()])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:

        def write(rows: Sequence[Row]) -> None:
            arrays = [
                pa.array(
                    [row.get(name) if kind in KINDS else _text(row.get(name)) for row in rows],
                    schema.field(name).type,
                )
                for name, kind in columns.items()
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

        yield write


@contextmanager
def _lines(file: BinaryIO, columns: Mapping[str, str]) -> Iterator[Write]:
    def write(rows: Sequence[Row]) -> None:
        for row in rows:
            document = {name: row.get(name) for name in columns}
            file.write(orjson.dumps(document, default=str, option=orjson.OPT_APPEND_NEWLINE))

    yield write


_WRITERS = {".csv": _csv, ".parquet": _parquet, ".jsonl": _lines}
