"""What an artifact looks like in a browser: small pages of HTML, made in milliseconds."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from math import isqrt
from typing import Any

import numpy as np
import pandas as pd

ROWS = 20
COLUMNS = 60
SAMPLE = 5_000
"""A summary looks at this many rows at most, evenly spaced."""
LONGEST = 60
"""A longer value is cut."""
LEAST_PIXELS = 64

STYLE = (
    "<style>body{font:14px system-ui,sans-serif}table{border-collapse:collapse;margin:0 0 1em}"
    "td,th{border-bottom:1px solid #ddd;padding:2px 8px;text-align:left;white-space:nowrap}"
    "img{width:42px;image-rendering:pixelated}</style>"
)


def frame(data: pd.DataFrame) -> str:
    """The size, a line per column, and the first rows. Square byte strings are drawn."""
    shown = data.iloc[:, :COLUMNS]
    sample = shown.iloc[:: max(1, len(data) // SAMPLE)]
    more = f", the first {COLUMNS} shown" if data.shape[1] > COLUMNS else ""
    parts = [
        STYLE,
        f"<p>{len(data):,} rows, {data.shape[1]:,} columns{more}</p>",
        _table(
            ("column", "type", "missing", "distinct", "least", "mean", "largest"),
            (_summary(str(name), sample[name]) for name in sample.columns),
        ),
    ]
    if len(sample) < len(data):
        parts.append(f"<p>Summary of {len(sample):,} evenly spaced rows.</p>")
    head = shown.head(ROWS)
    parts.append(
        _table(
            [str(name) for name in head.columns],
            ([_cell(value) for value in row] for row in head.itertuples(index=False)),
        )
    )
    return "".join(parts)


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A titled table of plain values."""
    body = ([_cell(value) for value in row] for row in rows)
    return f"{STYLE}<p>{escape(title)}</p>{_table(header, body)}"


def _summary(name: str, column: pd.Series) -> list[str]:
    missing = f"{column.isna().mean():.1%}"
    start = [escape(name), escape(str(column.dtype)), missing]
    if pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
        figures = (column.min(), column.mean(), column.max())
        return [*start, f"{column.nunique():,}", *(f"{float(value):,.4g}" for value in figures)]
    try:
        return [*start, f"{column.nunique():,}", "", "", ""]
    except TypeError:  # values without a hash
        return [*start, "", "", "", ""]


def _cell(value: Any) -> str:
    if isinstance(value, bytes):
        side = isqrt(len(value))
        if len(value) >= LEAST_PIXELS and side * side == len(value):
            return (
                f'<img alt="" src="data:image/png;base64,{b64encode(_png(value, side)).decode()}">'
            )
        return f"{len(value):,} bytes"
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    text = str(value)
    return escape(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def _png(grey: bytes, side: int) -> bytes:
    """``side`` × ``side`` grey pixels as PNG."""
    lines = b"".join(b"\0" + grey[at : at + side] for at in range(0, len(grey), side))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines, 1)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """``rows`` hold HTML."""
    top = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
