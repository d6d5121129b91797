from __future__ import annotations

import itertools
from pathlib import Path

import pytest

import kaizen.events.read as reader
from kaizen.core.errors import KaizenError
from kaizen.events.read import count, files, read
from kaizen.events.schema import Event, line


def write(path: Path, events: list[Event], tail: bytes = b"") -> None:
    path.write_bytes(b"".join(map(line, events)) + tail)


@pytest.fixture
def folder(tmp_path: Path, make) -> Path:
    """Two workers side by side, then a third: 30 events at the times 0 to 29."""
    first = [e for at in range(0, 20, 2) for e in make(at=at)]
    second = [e for at in range(1, 20, 2) for e in make(at=at, version="4")]
    third = [e for at in range(20, 30) for e in make(at=at)]
    write(tmp_path / f"{0:020d}-10.jsonl", first)
    write(tmp_path / f"{int(1e9):020d}-11.jsonl.open", second)
    write(tmp_path / f"{int(20e9):020d}-12.jsonl.open", third)
    return tmp_path


def times(events) -> list[float]:
    return [event["time"] for event in events]


def test_events_of_all_files_come_newest_last(folder: Path) -> None:
    assert times(read(folder)) == list(range(30))


def test_limit_takes_the_newest(folder: Path) -> None:
    assert times(read(folder, limit=5)) == [25, 26, 27, 28, 29]
    assert times(read(folder, limit=99)) == list(range(30))
    assert times(read(folder, limit=0)) == []


def test_a_version_and_a_time_can_be_asked_for(folder: Path) -> None:
    assert times(read(folder, version="4", limit=2)) == [17, 19]
    assert times(read(folder, version="4")) == list(range(1, 20, 2))
    assert times(read(folder, since=27)) == [27, 28, 29]


def test_a_torn_last_line_is_passed_over(folder: Path, make) -> None:
    (event,) = make(at=40)
    write(folder / f"{int(40e9):020d}-13.jsonl.open", [event], line(event)[:-20])
    assert times(read(folder))[-2:] == [29, 40]
    assert times(read(folder, limit=2)) == [29, 40]
    assert count(folder) == 31


def test_what_is_not_an_event_is_passed_over(tmp_path: Path, make) -> None:
    write(tmp_path / "1-1.jsonl", make(at=1), b'\n[1]\n{"a":1}\n\x00\xff\n')
    assert times(read(tmp_path)) == [1]
    assert times(read(tmp_path, limit=5)) == [1]


def test_an_event_that_lies_in_two_files_comes_once(folder: Path) -> None:
    first = files(folder)[0]
    (folder / "99-99.jsonl").write_bytes(first.read_bytes())
    assert times(read(folder)) == list(range(30))
    assert times(read(folder, limit=12)) == list(range(18, 30))


def test_the_rows_of_a_request_keep_their_order(tmp_path: Path, make) -> None:
    write(tmp_path / "1-1.jsonl", make(12, at=1))
    assert [e["row"] for e in read(tmp_path)] == list(range(12))
    assert [e["row"] for e in read(tmp_path, limit=12)] == list(range(12))


def test_probes_are_not_a_clients_events(tmp_path: Path, make) -> None:
    (probe,) = make(at=2)
    write(tmp_path / "1-1.jsonl", [*make(at=1), {"probe": True, **probe}])
    assert times(read(tmp_path)) == [1]
    assert times(read(tmp_path, limit=9)) == [1]
    assert times(read(tmp_path, probes=True)) == [1, 2]
    assert (count(tmp_path), count(tmp_path, probes=True)) == (1, 2)


def test_a_folder_that_is_not_there_holds_no_events(tmp_path: Path) -> None:
    assert list(read(tmp_path / "none")) == []
    assert count(tmp_path / "none") == 0


def test_a_file_sealed_between_listing_and_reading_is_still_read(folder: Path) -> None:
    events = read(folder)
    for path in files(folder):
        if path.name.endswith(".open"):
            path.rename(path.with_name(path.name.removesuffix(".open")))
    assert len(list(events)) == 30


def test_long_files_are_read_backwards_block_by_block(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (1, 7, 100, 333):
        monkeypatch.setattr(reader, "_BLOCK", size)
        assert times(read(folder, limit=30)) == list(range(30))


def test_any_number_of_files_needs_few_open_at_once(
    tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(50):
        write(tmp_path / f"{int(at * 1e9):020d}-1.jsonl", make(3, at=at + 0.5))
    opened = itertools.count()
    real = reader._opened
    monkeypatch.setattr(reader, "_opened", lambda path: (next(opened), real(path))[1])
    events = read(tmp_path)
    for _ in range(6):
        next(events)
    assert next(opened) <= 4


def test_events_without_a_schema_are_read_and_newer_ones_refused_by_name(
    tmp_path: Path, make
) -> None:
    (old,), (new,) = make(at=1), make(at=2, schema=2)
    del old["schema"]
    write(tmp_path / "1-1.jsonl", [old])
    assert times(read(tmp_path)) == [1]
    write(tmp_path / "2-1.jsonl", [new])
    for limit in (None, 5):
        with pytest.raises(KaizenError, match=f"{new['id']}.* has schema 2: expected 0 to 1"):
            list(read(tmp_path, limit=limit))
