"""Rows of any number, block by block: CSV, Parquet, JSON lines, arrays, and folders of these.

A use case that takes files reads them, too (PDFs, pictures): each is a block of its own.

Nothing is guessed and nothing is dropped: a row that cannot be read stays in its place as
:class:`Unreadable`, so that what is made of the rows can be laid beside them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.usecase import Array, InvalidInput, ReadFile

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
        about: of a file that the use case reads, what each answer says of its row besides.
        texts: whether every value is text, as in CSV; an empty cell is left out of its row.
    """

    file: Path
    rows: Sequence[Row] = ()
    array: Array | None = None
    about: Sequence[dict[str, Any]] = ()
    texts: bool = False

    def __len__(self) -> int:
        return len(self.rows) if self.array is None else len(self.array)


Media = Mapping[str, ReadFile]
"""Media type to what reads it, see ``kaizen.core.usecase.TakesFiles``."""


def files(source: Path, media: Media | None = None) -> list[Path]:
    """``source`` itself, or the files of a folder that can be read, in the order of their paths.

    Args:
        media: of the use case, where it takes files.

    Raises:
        UsageError: there is no such file or folder, or none in it that can be read.
    """
    media = media or {}
    known = ", ".join([*_READERS, *media])

    def taken(path: Path) -> bool:
        return path.suffix.lower() in _READERS or guess_type(path.name)[0] in media

    if source.is_dir():
        found = sorted(path for path in source.rglob("*") if path.is_file() and taken(path))
        if not found:
            raise UsageError(f"{source} holds no file to read: expected {known}")
        return found
    if not source.exists():
        raise UsageError(f"there is no file {source}")
    if not taken(source):
        raise UsageError(f"{source} is of no kind that can be read: expected {known}")
    return [source]


def read(path: Path, size: int = BLOCK, media: Media | None = None) -> Iterator[Block]:
    """The rows of one file, at most ``size`` in a block.

    Args:
        media: of the use case, where it takes files; what it refuses is one unreadable row.

    Raises:
        KaizenError: the file cannot be read as what its name says.
    """
    reader = _READERS.get(path.suffix.lower())
    try:
        if reader:
            yield from reader(path, size)
        else:
            yield _whole(path, (media or {})[str(guess_type(path.name)[0])])
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


def _whole(path: Path, read_file: ReadFile) -> Block:
    try:
        found = read_file(path.read_bytes(), path.name)
    except InvalidInput as error:
        return Block(path, [Unreadable(error.reason, "")])
    return Block(path, array=found.rows, about=found.about)


def _beginning(text: str) -> str:
    return text.strip().encode(errors="replace").decode()[:200]


_READERS = {".csv": _csv, ".jsonl": _lines, ".parquet": _parquet, ".npy": _array}
