"""Turns sealed spool files into Parquet; safe against kill -9 anywhere, and against a second one.

A spool file is removed only when all its events are in durable Parquet files that bear its name.
Killed before that, the next compaction makes the same files again in the same places. While the
spool file is there readers take it alone, and once it is gone the Parquet files: an event is never
away and never double. A file with lines that are no events is not removed but renamed to
``.torn``, which readers pass over.
"""

from __future__ import annotations

import fcntl
import os
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, partial
from operator import itemgetter
from pathlib import Path

from kaizen.core.atomic import sync_folder
from kaizen.core.errors import KaizenError
from kaizen.core.locks import held
from kaizen.core.settings import EventsRule
from kaizen.core.usecase import Features
from kaizen.events import columns, parquet, retention
from kaizen.events.read import PARQUET, parsed
from kaizen.events.spool import OPEN, SEALED, TORN

LOCK = ".compact.lock"
_Order = tuple[float, str, int]


@dataclass
class Outcome:
    """What a compaction did.

    Attributes:
        files, events: spool files that are Parquet now, and the events in them.
        doubles: lines whose event id the same file had before.
        torn: name of each file set aside to how many of its lines are no events.
        refused: name of each file left as it was to the reason.
        removed: what was older or more than is kept (a day, or a file set aside) to its bytes.
    """

    files: int = 0
    events: int = 0
    doubles: int = 0
    torn: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)


def compact(
    folder: Path, features: Features | None = None, rule: EventsRule | None = None
) -> Outcome:
    """Compact every spool file in ``folder`` that has no writer, then remove what is not kept.

    Args:
        folder: ``Home.events / USECASE``.
        features: the use case's, for the columns of rows that were sent as bare arrays.
        rule: for how long and up to which size events are kept; None for all.

    Raises:
        KaizenError: another compaction of this folder is going on.
    """
    outcome = Outcome()
    if not folder.is_dir():
        return outcome
    try:
        with held(folder / LOCK):
            _clear(folder)
            _seal_abandoned(folder)
            for path in sorted(folder.glob(f"*{SEALED}")):
                _one(folder, path, features, outcome)
            if rule:
                outcome.removed = retention.enforce(folder, rule)
    except BlockingIOError:
        raise KaizenError(
            f"events of {folder.name} are being compacted by somebody else: wait for that one"
        ) from None
    return outcome


def _one(folder: Path, path: Path, features: Features | None, outcome: Outcome) -> None:
    """Write a spool file's Parquet files, then take it away."""
    stem = path.name.removesuffix(SEALED)
    rows: dict[str, tuple[Path, _Order, bytes, int]] = {}
    place = cache(partial(parquet.place, folder, stem))
    torn = doubles = after = 0
    with path.open("rb") as file:
        for line in file:
            start, after = after, after + len(line)
            try:
                event = parsed(line)
                if event is None:
                    torn += bool(line.strip())
                    continue
                time, version = float(event["time"]), str(event.get("version", ""))
                order = time, str(event["request"]), int(event["row"])
                target = place(parquet.day(time), version)
            except KaizenError as error:
                outcome.refused[path.name] = str(error)
                return
            except (TypeError, ValueError, OverflowError, OSError):
                torn += 1
                continue
            name = columns.name(event)
            doubles += name in rows
            rows.setdefault(name, (target, order, line, start))
    by_target: dict[Path, list[tuple[_Order, bytes, int]]] = defaultdict(list)
    for target, order, line, start in rows.values():
        by_target[target].append((order, line, start))
    for target, entries in by_target.items():
        entries.sort(key=itemgetter(0))
        _, lines, starts = zip(*entries, strict=True)
        parquet.write(target, lines, starts, features)
    if torn:
        path.rename(path.with_name(path.name + TORN))
        outcome.torn[path.name + TORN] = torn
    else:
        path.unlink()
    sync_folder(folder)
    outcome.files += 1
    outcome.events += len(rows)
    outcome.doubles += doubles


def _clear(folder: Path) -> None:
    """Remove what a killed compaction has left of writes it did not finish."""
    for path in (folder / PARQUET).glob("day=*/version=*/.*"):
        path.unlink()
    retention.clear(folder)


def _seal_abandoned(folder: Path) -> None:
    """Seal the files whose writer died: nobody holds them, and no process has their number."""
    for path in folder.glob(f"*{OPEN}"):
        number = path.name.removesuffix(OPEN).rpartition("-")[2]
        if number.isdigit() and _lives(int(number)):
            continue
        # Its writer may be between making and locking it, in a container with numbers of its own.
        if not path.stat().st_size:
            continue
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.rename(path.with_name(path.name.removesuffix(OPEN) + SEALED))
        except (BlockingIOError, FileNotFoundError):
            continue
        finally:
            os.close(descriptor)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
