"""What an event is by, and where it lies: enough to put events in order and to read few of many.

Compacted events are looked at column by column and group by group, lines of spool files by how
they begin, so that an hour's events are not parsed to find five hundred.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kaizen.events import columns
from kaizen.events.parquet import AT, LINE, Part
from kaizen.events.read import parsed
from kaizen.events.spool import OPEN, SEALED

Key = tuple[float, str, int]
"""Time, request and row: the order of events."""

_BLOCK = 1 << 20
LATEST = 253402300800.0
"""The year 10,000; what is beyond it is no time."""
_BEGINS = re.compile(
    rb'\{(?P<probe>"probe":true,)?"schema":1,"id":"(?P<id>[^"\\]+)","time":(?P<time>[0-9.eE+-]+),'
    rb'"usecase":"[^"\\]*","version":"(?P<version>[^"\\]*)","request":"(?P<request>[^"\\]*)",'
    rb'"row":(?P<row>[0-9]+),'
)
"""How a service's line begins; any other one is parsed."""


class Head(NamedTuple):
    """One event.

    Attributes:
        time, request, row: its place in the order of events.
        stem: name of the spool file it was written to, without its suffix.
        at: the byte at which its line began there, 0 where that is not known any more.
        id: its id.
    """

    time: float
    request: str
    row: int
    stem: str
    at: int
    id: str

    @property
    def key(self) -> Key:
        return self[:3]


def stem(path: Path) -> str:
    """The name of a spool file without its suffix, which is that of what it becomes."""
    return path.name.removesuffix(OPEN).removesuffix(SEALED)


@dataclass(frozen=True)
class Group:
    """Compacted events that are read at once.

    Attributes:
        part, number: which rows of which file.
        first, last: the earliest and the latest time among them.
        top: no event among them began at a later byte of the spool file.
    """

    part: Part
    number: int
    first: float
    last: float
    top: int

    def heads(self) -> list[Head]:
        """Its events without probes, by time.

        Raises:
            FileNotFoundError: retention has removed it.
        """
        with pq.ParquetFile(self.part.path) as file:
            names = ["time", "request", "row", "id", "probe"]
            known = AT in file.schema_arrow.names
            table = file.read_row_group(
                self.number, columns=[*names, AT] if known else names, use_threads=False
            )
        table = table.filter(pc.invert(table["probe"]))
        starts = table[AT].to_pylist() if known else [0] * len(table)
        rows = zip(*(table[name].to_pylist() for name in names[:4]), starts, strict=True)
        return [
            Head(time, request, row, self.part.stem, at, name)
            for time, request, row, name, at in rows
        ]


def groups(part: Part) -> list[Group]:
    """The groups of a file, by its footer alone.

    Raises:
        FileNotFoundError: retention has removed it.
    """
    found = part.path.stat()
    bounds = _bounds(part.path, (found.st_size, found.st_mtime_ns))
    return [Group(part, number, *each) for number, each in enumerate(bounds)]


@lru_cache(maxsize=1 << 16)
def _bounds(path: Path, _stamp: tuple[int, int]) -> tuple[tuple[float, float, int], ...]:
    """Of each group of a file that never changes: see :class:`Group`."""
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        bounds = []
        for number in range(file.num_row_groups):
            group = file.metadata.row_group(number)
            time = group.column(names.index("time")).statistics
            top = group.column(names.index(AT)).statistics.max if AT in names else 0
            bounds.append((float(time.min), float(time.max), int(top)))
    return tuple(bounds)


@dataclass
class Spooled:
    """What was found in a spool file.

    Attributes:
        heads: the events of the version that was asked for, in the order of the file, no probes.
        versions: of all events, as far as read.
        damaged: lines that are no events.
    """

    heads: list[Head]
    versions: set[str]
    damaged: int = 0


def spooled(path: Path, version: str, start: int = 0, end: int | None = None) -> Spooled:
    """The events of ``version`` in a spool file.

    Args:
        path: it may have been sealed since it was listed.
        version: of the model.
        start: byte at which to begin to read, that of a line.
        end: only lines that begin before it.

    Raises:
        FileNotFoundError: it was compacted since it was listed.
        KaizenError: an event's schema is newer than this code.
    """
    found = Spooled([], set())
    name, wanted = stem(path), version.encode()
    others: set[bytes] = set()
    for at, line in _lines(path, start, end):
        match = _BEGINS.match(line) if line.endswith(b"}\n") else None
        if match and (match["probe"] or match["version"] != wanted):
            if not match["probe"]:
                others.add(match["version"])
            continue
        try:
            head, of, probe = _quick(match, name, at) if match else _parsed(line, name, at)
        except (TypeError, ValueError):
            # Without its line break it is still being written.
            found.damaged += line.endswith(b"\n") and bool(line.strip())
            continue
        if not probe:
            found.versions.add(of)
            if of == version:
                found.heads.append(head)
    found.versions |= {each.decode() for each in others}
    return found


def begins(path: Path) -> float:
    """When the events of a spool file begin, unless its clock was set back: its first line's time.

    Raises:
        FileNotFoundError: it was compacted since it was listed.
        KaizenError: the event's schema is newer than this code.
    """
    for at, line in _lines(path, 0, None):
        try:
            return _parsed(line, stem(path), at)[0].time
        except (TypeError, ValueError):
            break
    return -inf


def end(path: Path) -> int:
    """The byte at which the next line of a spool file will begin: after the last line break.

    Raises:
        FileNotFoundError: it was compacted since it was listed.
    """
    with _opened(path) as file:
        at = file.seek(0, os.SEEK_END)
        while at:
            start = max(0, at - _BLOCK)
            file.seek(start)
            found = file.read(at - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            at = start
    return 0


def _lines(path: Path, start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
    with _opened(path) as file:
        at = file.seek(start)
        for line in file:
            if end is not None and at >= end:
                return
            yield at, line
            at += len(line)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return path.with_name(stem(path) + SEALED).open("rb")


def _quick(match: re.Match[bytes], stem: str, at: int) -> tuple[Head, str, bool]:
    time = _time(match["time"])
    request, name = match["request"].decode(), match["id"].decode()
    head = Head(time, request, int(match["row"]), stem, at, name)
    return head, match["version"].decode(), match["probe"] is not None


def _parsed(line: bytes, stem: str, at: int) -> tuple[Head, str, bool]:
    event = parsed(line)
    if event is None:
        raise ValueError("no event")
    request, row = str(event["request"]), int(event["row"])
    head = Head(_time(event["time"]), request, row, stem, at, columns.name(event))
    return head, str(event.get("version", "")), event.get("probe") is True


def _time(found: Any) -> float:
    time = float(found)
    if not abs(time) < LATEST:
        raise ValueError(f"{found!r} is no time")
    return time


def events(
    paths: Iterable[Path], parts: Iterable[Part], heads: Collection[Head]
) -> dict[Key, dict[str, Any]]:
    """The events of ``heads`` by key; those that are not there, or are damaged, are left out.

    Args:
        paths, parts: files that hold every event once (``kaizen.events.read.listed``).
        heads: of events in them.

    Raises:
        FileNotFoundError: a file was compacted or removed since it was listed.
        KaizenError: an event's schema is newer than this code.
    """
    by_stem: dict[str, list[Head]] = {}
    for head in heads:
        by_stem.setdefault(head.stem, []).append(head)
    lines: list[tuple[Key, bytes]] = []
    for path in paths:
        wanted = by_stem.get(stem(path), [])
        lines += _of_spool(path, wanted)
    for part in parts:
        lines += _of_part(part, by_stem.get(part.stem, []))
    return {key: event for key, line in lines if (event := parsed(line)) is not None}


def _of_spool(path: Path, wanted: Collection[Head]) -> list[tuple[Key, bytes]]:
    if not wanted:
        return []
    lines = []
    with _opened(path) as file:
        for head in sorted(wanted, key=lambda head: head.at):
            file.seek(head.at)
            lines.append((head.key, file.readline()))
    return lines


def _of_part(part: Part, wanted: Collection[Head]) -> list[tuple[Key, bytes]]:
    keys = {head.key for head in wanted if part.day <= head.time < part.ends}
    if not keys:
        return []
    times = pa.array(sorted({time for time, _, _ in keys}), pa.float64())
    first, last = times[0].as_py(), times[-1].as_py()
    lines: list[tuple[Key, bytes]] = []
    for group in groups(part):
        if group.last < first or group.first > last:
            continue
        with pq.ParquetFile(part.path) as file:
            names = ["time", "request", "row", LINE]
            table = file.read_row_group(group.number, columns=names, use_threads=False)
        table = table.filter(pc.is_in(table["time"], times))
        for *key, line in zip(*(table[name].to_pylist() for name in names), strict=True):
            if tuple(key) in keys:
                lines.append((tuple(key), line))
    return lines
