from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kaizen.core.settings import EventsRule
from kaizen.events import retention
from kaizen.events.compact import compact
from kaizen.events.parquet import parts
from kaizen.events.read import count, files, read
from kaizen.events.schema import Event, line

DAY = 86400.0
NOW = 100 * DAY + 3600


def write(path: Path, events: list[Event], tail: bytes = b"") -> None:
    path.write_bytes(b"".join(map(line, events)) + tail)


@pytest.fixture
def folder(tmp_path: Path, make) -> Path:
    """Ten days of Parquet, 91 to 100, of two versions each, and an open spool file of day 1."""
    for day in range(91, 101):
        events = [e for v in "34" for e in make(20, at=day * DAY + 10, version=v)]
        write(tmp_path / f"{day}-1.jsonl", events)
    compact(tmp_path)
    write(tmp_path / "999-1.jsonl.open", make(at=DAY))
    return tmp_path


def days(folder: Path) -> list[int]:
    return sorted({int(part.day / DAY) for part in parts(folder)})


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def rule(keep_days: float | None = None, max_bytes: int | None = None) -> EventsRule:
    return EventsRule.model_construct(redact={}, keep_days=keep_days, max_bytes=max_bytes)


def test_without_a_rule_all_is_kept(folder: Path) -> None:
    assert retention.enforce(folder, EventsRule(), NOW) == {}
    assert days(folder) == list(range(91, 101))


def test_days_that_are_over_for_long_enough_go_whole(folder: Path) -> None:
    removed = retention.enforce(folder, rule(keep_days=3), NOW)
    assert days(folder) == [97, 98, 99, 100], "97 has events that are less than three days old"
    assert list(removed) == [f"1970-04-{day:02d}" for day in range(2, 8)]
    assert all(size > 0 for size in removed.values())
    assert [path.name for path in files(folder)] == ["999-1.jsonl.open"]
    assert count(folder) == len(list(read(folder))) == 4 * 40 + 1


def test_the_oldest_days_go_until_the_rest_fits(folder: Path) -> None:
    most = size(folder) // 2
    removed = retention.enforce(folder, rule(max_bytes=most), NOW)
    assert size(folder) <= most < size(folder) + list(removed.values())[-1]
    assert days(folder) == list(range(101 - len(days(folder)), 101))
    assert retention.enforce(folder, rule(max_bytes=most), NOW) == {}


def test_a_spool_file_stays_whatever_the_bound(folder: Path) -> None:
    retention.enforce(folder, rule(max_bytes=1), NOW)
    assert days(folder) == []
    assert count(folder) == 1


def test_a_file_set_aside_is_not_kept_for_longer(tmp_path: Path, make) -> None:
    write(tmp_path / "1-1.jsonl", make(at=NOW), b"{torn")
    assert list(compact(tmp_path, rule=rule(keep_days=1)).removed) == ["1970-04-11"]
    assert [path.suffix for path in tmp_path.glob("*.torn")] == [".torn"], "it is of today"
    assert "1-1.jsonl.torn" in retention.enforce(tmp_path, rule(keep_days=1), 1e12)


def test_what_a_kill_leaves_of_a_day_is_not_read_and_goes_next_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            retention.enforce(folder, rule(keep_days=8), NOW)
    assert days(folder) == list(range(92, 101))
    assert count(folder) == len(list(read(folder))) == 9 * 40 + 1
    compact(folder)
    assert not list((folder / "parquet").glob(".*"))
    assert count(folder) == 9 * 40 + 1


def test_a_reader_goes_on_while_days_are_removed(folder: Path) -> None:
    events = read(folder)
    assert next(events)["time"] == DAY
    retention.enforce(folder, rule(keep_days=1), NOW)
    assert len(list(events)) == 2 * 40
