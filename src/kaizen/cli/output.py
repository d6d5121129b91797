"""What commands print: a JSON object for programs, short lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def as_json(result: Mapping[str, Any]) -> None:
    """One JSON object on one line of standard output."""
    sys.stdout.write(json.dumps(result, default=str, allow_nan=False) + "\n")
    sys.stdout.flush()


def line(text: str = "") -> None:
    """One line for people on standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """One line on standard error, beside the result: what could not be done and harms nothing."""
    sys.stderr.write(f"kaizen: {text}\n")


def error(message: str, *, json_too: bool) -> None:
    """An error on standard error, and as a JSON object when the user asked for JSON."""
    sys.stderr.write(f"kaizen: {message}\n")
    if json_too:
        as_json({"error": message})


def columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Rows as aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
