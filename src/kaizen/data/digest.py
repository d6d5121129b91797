"""Content digests: of a row, which decides its part, and of a data set, which names its version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from kaizen.core.errors import KaizenError


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex.

    Raises:
        KaizenError: the file is missing or unreadable.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise KaizenError(f"cannot read data from {path}: {error.strerror}") from error


def row_digests(frame: pd.DataFrame, key: str = "") -> list[bytes]:
    """A 16-byte keyed BLAKE2b digest per row, of its values alone.

    The row's position, its index and the order of the columns do not matter, so the digest of a
    row never changes while the data around it does.
    """
    names = sorted(frame.columns)
    columns = [_encoded(frame[name]) for name in names]
    secret = key.encode()[:64]
    return [
        hashlib.blake2b(b"".join(values), digest_size=16, key=secret).digest()
        for values in zip(*columns, strict=True)
    ]


def frame_digest(frame: pd.DataFrame) -> str:
    """SHA-256 of a data set's content, in hex: columns, types, values and their order."""
    total = hashlib.sha256()
    for name in frame.columns:
        total.update(_length_first(f"{name}:{frame[name].dtype}".encode()))
        for value in _encoded(frame[name]):
            total.update(value)
    return total.hexdigest()


def _encoded(column: pd.Series) -> Iterator[bytes]:
    """Each value as bytes that no other sequence of values could give."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not column.isna().any():
        kind = "<i8" if pd.api.types.is_integer_dtype(column.dtype) else "<f8"
        raw = column.to_numpy().astype(kind).tobytes()
        return (raw[at : at + 8] for at in range(0, len(raw), 8))
    return (_length_first(_value(value)) for value in column)


def _value(value: object) -> bytes:
    if isinstance(value, bytes):
        return b"b" + value
    if isinstance(value, np.ndarray):
        return b"a" + value.dtype.str.encode() + str(value.shape).encode() + value.tobytes()
    return f"{type(value).__name__}:{value!r}".encode()


def _length_first(value: bytes) -> bytes:
    return len(value).to_bytes(8, "little") + value
