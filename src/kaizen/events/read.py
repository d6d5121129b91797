"""Reads the events of a use case back, oldest first, over all its files.

Events are in spool files and, once compacted, in Parquet (``kaizen/events/parquet.py``, imported
only where there are such files). A torn line (its writer was killed in the middle of it, or the
disk was full) is passed over.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from kaizen.events.schema import PROBE_PREFIX, check_schema, event_id
from kaizen.events.spool import OPEN, SEALED

if TYPE_CHECKING:
    from kaizen.events.parquet import Part

PARQUET = "parquet"
"""Where compacted events lie, in the use case's folder."""

_BLOCK = 1 << 20
_Key = tuple[float, str, int]


def read(
    folder: Path,
    *,
    limit: int | None = None,
    version: str | None = None,
    since: float | None = None,
    probes: bool = False,
    ids: Container[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """The events in ``folder``, newest last, each id once.

    Args:
        folder: ``Home.events / USECASE``; a missing folder holds no events.
        limit: only the newest so many. Files are read from their end, so this is cheap.
        version: only of this model version.
        since: only at or after this time (seconds since the epoch).
        probes: also kaizen's own questions (golden set).
        ids: only events of these ids.

    Raises:
        KaizenError: an event's schema is newer than this code.
    """

    def wanted(event: dict[str, Any]) -> bool:
        return (
            (version is None or event["version"] == version)
            and (since is None or event["time"] >= since)
            and (probes or not event.get("probe", False))
            and (ids is None or event_id(event["request"], event["row"]) in ids)
        )

    paths, parts = listed(folder)
    parts = [part for part in parts if part.may_hold(since=since, version=version)]
    if limit is None:
        sources = [(_began(path.name), partial(spooled, path)) for path in paths]
        sources += [
            (max(part.day, _began(part.stem)), partial(compacted, part, since)) for part in parts
        ]
        return filter(wanted, _distinct(_by_time(sources)))
    backwards = heapq.merge(
        *(spooled(path, backwards=True) for path in paths),
        _days_backwards(parts, since),
        key=_key,
        reverse=True,
    )
    return reversed(list(islice(filter(wanted, _distinct(backwards)), limit)))


def count(folder: Path, *, probes: bool = False) -> int:
    """Number of events in ``folder``, without parsing them."""
    paths, parts = listed(folder)
    total = 0
    for path in paths:
        try:
            with _opened(path) as file:
                total += sum(
                    line.endswith(b"}\n") and (probes or not line.startswith(PROBE_PREFIX))
                    for line in file
                )
        except FileNotFoundError:
            parts += _made_from(path)
    return total + sum(part.count(probes=probes) for part in parts)


def files(folder: Path) -> list[Path]:
    """The event files in ``folder`` that are not compacted, in the order of their beginning."""
    if not folder.is_dir():
        return []
    # Twice: a file that is renamed during a listing may be missing in it.
    listed = [path for _ in range(2) for path in folder.iterdir()]
    by_stem = {_stem(path): path for path in listed if path.name.endswith((OPEN, SEALED))}
    return sorted(by_stem.values())


def listed(folder: Path) -> tuple[list[Path], list[Part]]:
    """Spool files and Parquet files that together hold every event once.

    While a spool file is there, the Parquet files made from it do not count: they may not all be
    there yet. Spool files are listed first: what leaves them meanwhile is found in Parquet.
    """
    paths = files(folder)
    if not (folder / PARQUET).is_dir():
        return paths, []
    from kaizen.events.parquet import parts

    spooled = {_stem(path) for path in paths}
    return paths, [part for part in parts(folder) if part.stem not in spooled]


def _made_from(path: Path) -> list[Part]:
    """Where the events of a spool file are that was compacted since it was listed."""
    from kaizen.events.parquet import parts

    return parts(path.parent, _stem(path))


def _stem(path: Path) -> str:
    return path.name.removesuffix(OPEN).removesuffix(SEALED)


def _by_time(
    sources: Iterable[tuple[float, Callable[[], Iterator[dict[str, Any]]]]],
) -> Iterator[dict[str, Any]]:
    """Files merged by time; a file is opened only when its turn comes, so any number will do."""
    waiting = sorted(sources, key=itemgetter(0), reverse=True)
    heap: list[tuple[_Key, int, dict[str, Any], Iterator[dict[str, Any]]]] = []
    while waiting or heap:
        if waiting and (not heap or waiting[-1][0] <= heap[0][0][0]):
            source = waiting.pop()[1]()
            order = len(waiting)
        else:
            _, order, event, source = heapq.heappop(heap)
            yield event
        following = next(source, None)
        if following is not None:
            heapq.heappush(heap, (_key(following), order, following, source))


def _days_backwards(parts: Iterable[Part], since: float | None) -> Iterator[dict[str, Any]]:
    """Compacted events, newest first; the files of a day are opened when its turn comes."""
    newest_first = sorted(parts, key=attrgetter("day"), reverse=True)
    for _, of_day in groupby(newest_first, key=attrgetter("day")):
        sources = [compacted(part, since, backwards=True) for part in of_day]
        yield from heapq.merge(*sources, key=_key, reverse=True)


def compacted(
    part: Part, since: float | None = None, *, backwards: bool = False
) -> Iterator[dict[str, Any]]:
    """The events of a Parquet file by time."""
    return _events(part.lines(since=since, backwards=backwards))


def spooled(path: Path, *, backwards: bool = False) -> Iterator[dict[str, Any]]:
    """The events of a spool file, or of what it was compacted into since it was listed."""
    try:
        file = _opened(path)
    except FileNotFoundError:
        sources = [compacted(part, backwards=backwards) for part in _made_from(path)]
        yield from heapq.merge(*sources, key=_key, reverse=backwards)
        return
    with file:
        yield from _events(_lines_backwards(file) if backwards else file)


def _began(name: str) -> float:
    """When a file was begun, from its name; a foreign name counts as oldest.

    A second early: its first event may have been answered just before.
    """
    digits = name.partition("-")[0]
    return int(digits) / 1e9 - 1.0 if digits.isdigit() else 0.0


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


def _lines_backwards(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, last one first, read block by block from its end."""
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
