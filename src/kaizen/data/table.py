"""Reads a user's table from a CSV file; what cannot be read is refused with its reason."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.data.faults import BadData, Fault


def read_csv(path: Path) -> pd.DataFrame:
    """The table in ``path``: UTF-8, comma-separated, column names in the first line.

    Raises:
        KaizenError: the file is missing or unreadable.
        BadData: it is empty, not UTF-8, or no table.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KaizenError(f"cannot read data from {path}: {error.strerror}") from error
    if not content.strip():
        raise _bad(path, Fault("empty", f"{path} is empty: expected column names and rows"))
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = (
            f"{path} is not UTF-8: byte 0x{content[error.start]:02x} in line {line}; "
            "save it again as UTF-8"
        )
        raise _bad(path, Fault("encoding", reason)) from error
    try:
        return pd.read_csv(path, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = " ".join(str(error).split())
        raise _bad(path, Fault("table", f"{path} is no comma-separated table: {reason}")) from error


def _bad(path: Path, fault: Fault) -> BadData:
    return BadData(str(path), [fault], path=path)
