"""Tables of any length, block by block: CSV, Parquet, JSON lines, arrays, and folders of these.

Nothing is guessed and nothing is dropped: a row that cannot be read stays in its place as
:class:`Unreadable`, so that what is made of the rows can be laid beside them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from kaizen.errors import KaizenError, UsageError
from kaizen.usecase import Array

BLOCK = 4096
"""Rows in a block."""
_LONGEST_CELL = 2**27


@dataclass(frozen=True)
class Unreadable:
    """What stands in the place of a row that cannot be read: why, and its beginning."""

    reason: str
    text: str


Row = dict[str, Any] | Unreadable


@dataclass(frozen=True)
class Block:
    """Some rows of one file, in order.

    Attributes:
        file: where they come from.
        rows: by column; empty where the file is an array.
        array: rows (n, ...) without names, None where they have some.
        texts: whether every value is text, as in CSV; an empty cell is left out of its row.
    """

    file: Path
    rows: Sequence[Row] = ()
    array: Array | None = None
    texts: bool = False

    def __len__(self) -> int:
        return len(self.rows) if self.array is None else len(self.array)


def files(source: Path) -> list[Path]:
    """``source`` itself, or the files of a folder that can be read, in the order of their paths.

    Raises:
        UsageError: there is no such file or folder, or none in it that can be read.
    """
    known = ", ".join(_READERS)
    if source.is_dir():
        found = sorted(path for path in source.rglob("*") if path.suffix.lower() in _READERS)
        if not found:
            raise UsageError(f"{source} holds no file to read: expected {known}")
        return found
    if not source.exists():
        raise UsageError(f"there is no file {source}")
    if source.suffix.lower() not in _READERS:
        raise UsageError(f"{source} is of no kind that can be read: expected {known}")
    return [source]


def read(path: Path, size: int = BLOCK) -> Iterator[Block]:
    """The rows of one file, at most ``size`` in a block.

    Raises:
        KaizenError: the file cannot be read as what its name says.
    """
    try:
        yield from _READERS[path.suffix.lower()](path, size)
    except (OSError, pa.ArrowException, csv.Error, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise KaizenError(f"cannot read {path}: {reason}") from error


def names(path: Path) -> list[str] | None:
    """The columns of a file, of JSON lines those of the first one; None for an array.

    Raises:
        KaizenError: the file cannot be read as what its name says.
    """
    try:
        if path.suffix.lower() == ".csv":
            with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                return next(csv.reader(file), [])
        if path.suffix.lower() == ".parquet":
            return list(pq.read_schema(path).names)
        if path.suffix.lower() == ".jsonl":
            first = next(iter(next(_lines(path, 1)).rows), None)
            return list(first) if isinstance(first, dict) else None
    except (OSError, pa.ArrowException, csv.Error) as error:
        raise KaizenError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    return None


def _csv(path: Path, size: int) -> Iterator[Block]:
    csv.field_size_limit(_LONGEST_CELL)
    # A wrong byte is kept, so that it spoils its own row only.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = csv.reader(file, strict=True)
        header = next(lines, [])
        rows: list[Row] = []
        for cells in lines:
            if cells:
                rows.append(_cells(header, cells))
            if len(rows) == size:
                yield Block(path, rows, texts=True)
                rows = []
        yield Block(path, rows, texts=True)


def _cells(header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        reason = f"has {len(cells)} cells where the header has {len(header)}"
        return Unreadable(reason, _beginning(",".join(cells)))
    text = "".join(cells)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return Unreadable("is not UTF-8", _beginning(",".join(cells)))
    return {name: cell for name, cell in zip(header, cells, strict=True) if cell != ""}


def _lines(path: Path, size: int) -> Iterator[Block]:
    with path.open("rb") as file:
        rows: list[Row] = []
        for line in file:
            if not line.strip():
                continue
            rows.append(_object(line))
            if len(rows) == size:
                yield Block(path, rows)
                rows = []
        yield Block(path, rows)


def _object(line: bytes) -> Row:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Unreadable(f"is not JSON: {error}", _beginning(line.decode(errors="replace")))
    if not isinstance(found, dict):
        return Unreadable("is no JSON object", _beginning(line.decode(errors="replace")))
    return found


def _parquet(path: Path, size: int) -> Iterator[Block]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=size):
            yield Block(path, batch.to_pylist())


def _array(path: Path, size: int) -> Iterator[Block]:
    rows = np.load(path, mmap_mode="r", allow_pickle=False)
    if rows.ndim == 0:
        raise ValueError("it holds a single value, expected rows")
    for start in range(0, len(rows), size):
        yield Block(path, array=np.array(rows[start : start + size]))


def _beginning(text: str) -> str:
    return text.strip().encode(errors="replace").decode()[:200]


_READERS = {".csv": _csv, ".jsonl": _lines, ".parquet": _parquet, ".npy": _array}
