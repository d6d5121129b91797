"""Reads the events of a use case back, oldest first, over all its files.

A torn line (its writer was killed in the middle of it, or the disk was full) is passed over.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from events.schema import PROBE_PREFIX, check_schema
from events.spool import OPEN, SEALED

_BLOCK = 1 << 20
_Key = tuple[float, str, int]


def read(
    folder: Path,
    *,
    limit: int | None = None,
    version: str | None = None,
    since: float | None = None,
    probes: bool = False,
) -> Iterator[dict[str, Any]]:
    """The events in ``folder``, newest last, each id once.

    Args:
        folder: ``Home.events / USECASE``; a missing folder holds no events.
        limit: only the newest so many. Files are read from their end, so this is cheap.
        version: only of this model version.
        since: only at or after this time (seconds since the epoch).
        probes: also kaizen's own questions (golden set).

    Raises:
        KaizenError: an event's schema is newer than this code.
    """

    def wanted(event: dict[str, Any]) -> bool:
        return (
            (version is None or event["version"] == version)
            and (since is None or event["time"] >= since)
            and (probes or not event.get("probe", False))
        )

    paths = files(folder)
    if limit is None:
        return filter(wanted, _distinct(_by_time(paths)))
    backwards = heapq.merge(
        *(_events(_lines_backwards(path)) for path in paths), key=_key, reverse=True
    )
    return reversed(list(islice(filter(wanted, _distinct(backwards)), limit)))


def count(folder: Path, *, probes: bool = False) -> int:
    """Number of events in ``folder``, without parsing them."""
    return sum(
        line.endswith(b"}\n") and (probes or not line.startswith(PROBE_PREFIX))
        for path in files(folder)
        for line in _lines(path)
    )


def files(folder: Path) -> list[Path]:
    """The event files in ``folder``, in the order in which they were begun."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.endswith((OPEN, SEALED)))


def _by_time(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Files merged by time; a file is opened only when its turn comes, so any number will do."""
    waiting = sorted(((_began(path), path) for path in paths), reverse=True)
    heap: list[tuple[_Key, int, dict[str, Any], Iterator[dict[str, Any]]]] = []
    while waiting or heap:
        if waiting and (not heap or waiting[-1][0] <= heap[0][0][0]):
            _, path = waiting.pop()
            source = _events(_lines(path))
            order = len(waiting)
        else:
            _, order, event, source = heapq.heappop(heap)
            yield event
        following = next(source, None)
        if following is not None:
            heapq.heappush(heap, (_key(following), order, following, source))


def _began(path: Path) -> float:
    """When a file was begun, from its name; a foreign name counts as oldest."""
    digits = path.name.partition("-")[0]
    return int(digits) / 1e9 if digits.isdigit() else 0.0


def _key(event: dict[str, Any]) -> _Key:
    return event["time"], event["request"], event["row"]


def _distinct(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Without repetitions: the same event has the same time and so comes side by side."""
    last = None
    for event in events:
        key = _key(event)
        if key != last:
            yield event
        last = key


def parsed(line: bytes) -> dict[str, Any] | None:
    """The event on a line; None where there is none.

    Raises:
        KaizenError: the event's schema is newer than this code.
    """
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, dict) or not event.keys() >= {"time", "request", "row"}:
        return None
    check_schema(event)
    return event


def _events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        event = parsed(line)
        if event is not None:
            yield event


def _lines(path: Path) -> Iterator[bytes]:
    with _opened(path) as file:
        yield from file


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file, last one first, read block by block from its end."""
    with _opened(path) as file:
        position = file.seek(0, os.SEEK_END)
        rest = b""
        while position:
            size = min(_BLOCK, position)
            position = file.seek(position - size)
            rest, *whole = (file.read(size) + rest).split(b"\n")
            yield from reversed(whole)
        yield rest


def _opened(path: Path) -> BinaryIO:
    """``path``, or what its writer renamed it to between listing and opening."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        return path.with_name(path.name.removesuffix(OPEN) + SEALED).open("rb")
