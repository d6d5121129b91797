"""Removes what is older or more than is kept: whole days of Parquet, the oldest first.

A day goes by one rename, so a reader has all of it or nothing, and what a kill leaves of its files
is removed by the next compaction. A spool file is never touched: its events may be nowhere else.
"""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from kaizen.core.atomic import sync_folder
from kaizen.core.settings import EventsRule
from kaizen.events.read import PARQUET
from kaizen.events.spool import SEALED, TORN

DAY_S = 86400.0
_GOING = ".gone-"


def enforce(folder: Path, rule: EventsRule, now: float | None = None) -> dict[str, int]:
    """Remove what ``rule`` does not keep; each day, or file that was set aside, to its bytes.

    To be called by who holds the lock of the compaction, when there is nothing left to compact.
    """
    now = time.time() if now is None else now
    ages = {path: _over(path) for path in _removable(folder)}
    oldest_first = sorted(ages, key=lambda path: (ages[path], path.name))
    total = _bytes(folder)
    removed = {}
    for path in oldest_first:
        expired = rule.keep_days is not None and ages[path] <= now - rule.keep_days * DAY_S
        if not expired and (rule.max_bytes is None or total <= rule.max_bytes):
            break
        size = _bytes(path)
        _remove(path)
        total -= size
        removed[path.name.removeprefix("day=")] = size
    return removed


def clear(folder: Path) -> None:
    """Finish the removals that were killed."""
    for path in (folder / PARQUET).glob(f"{_GOING}*"):
        shutil.rmtree(path)


def _removable(folder: Path) -> list[Path]:
    return [*(folder / PARQUET).glob("day=*"), *folder.glob(f"*{SEALED}{TORN}")]


def _over(path: Path) -> float:
    """When the last event in it was answered, at the latest."""
    if not path.is_dir():
        return path.stat().st_mtime
    day = datetime.fromisoformat(path.name.removeprefix("day=")).replace(tzinfo=UTC)
    return day.timestamp() + DAY_S


def _remove(path: Path) -> None:
    if not path.is_dir():
        path.unlink()
        sync_folder(path.parent)
        return
    going = path.with_name(f"{_GOING}{path.name}")
    path.rename(going)
    sync_folder(path.parent)
    shutil.rmtree(going)


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
