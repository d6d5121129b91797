"""An answer of a command without what differs from run to run: ids, times, places, digests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NUMBERS = {
    "at", "begun", "bytes", "changed", "ended", "latency_ms", "ms_median", "ms_p95", "pids", "port",
    "rows_per_second", "seconds", "since", "time", "told_at", "until",
}  # fmt: skip
"""Numbers measured, counted from the clock, or given by the machine, by the name of their field."""
WHOLE = {"code", "commit", "data", "dirty", "found", "kaizen", "lines", "spans"}
"""What is the machine's, the code's or the log's altogether: only its type is kept."""
UNORDERED = {"logs"}
"""Lists in an order that follows from the clock."""
PATTERNS = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
    (r"kz_[0-9a-f]+_[\w-]+", "<key>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z| UTC)?", "<time>"),
    (r"\d{8}-\d{6}|\d{8}T\d{6}(\.\d+)?Z", "<time>"),
    (r"(?<![0-9a-f])(?:[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{12})(?![0-9a-f])", "<id>"),
)
"""What is replaced within a text. A digest of 64 digits is of data, and stays."""


def normalised(value: Any, places: Mapping[str, str], name: str = "", inside: str = "") -> Any:
    """``value`` with whatever differs from run to run replaced by what kind of thing it is.

    Args:
        places: folders, each with the word to put in its place.
        name, inside: the field that holds it, and the one that holds that.
    """
    if name in WHOLE or (name, inside) == ("digest", "window"):
        return None if value is None else f"<{type(value).__name__}>"
    if isinstance(value, dict):
        return {key: normalised(each, places, key, name) for key, each in value.items()}
    if isinstance(value, list):
        parts = [normalised(each, places, name, inside) for each in value]
        return sorted(parts, key=repr) if name in UNORDERED else parts
    if isinstance(value, str):
        return _text(value, places)
    if isinstance(value, bool) or value is None:
        return value
    clock = isinstance(value, float) and value > 1e9
    return "<number>" if name in NUMBERS or clock else value


def _text(text: str, places: Mapping[str, str]) -> str:
    for folder in sorted(places, key=len, reverse=True):
        text = text.replace(folder, places[folder])
    for pattern, word in PATTERNS:
        text = re.sub(pattern, word, text)
    return text
