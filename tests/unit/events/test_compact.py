from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from repository import PROJECT_ROOT

from kaizen.core.errors import KaizenError
from kaizen.core.locks import held
from kaizen.events import parquet
from kaizen.events.compact import LOCK, compact
from kaizen.events.read import count, files, read
from kaizen.events.schema import Event, line
from kaizen.events.spool import Spool

DAY = 86400


def write(path: Path, events: list[Event], tail: bytes = b"") -> None:
    path.write_bytes(b"".join(map(line, events)) + tail)


def stem(at: float, pid: int = 1) -> str:
    return f"{int(at * 1e9):020d}-{pid}"


@pytest.fixture
def folder(tmp_path: Path, make) -> Path:
    """Three sealed files over two days and an open one: 40 events, ten seconds apart."""
    start = DAY - 150
    for at in range(0, 300, 100):
        version = "3" if at < 200 else "4"
        events = [e for s in range(0, 100, 10) for e in make(at=start + at + s, version=version)]
        write(tmp_path / f"{stem(start + at)}.jsonl", events)
    events = [e for s in range(0, 100, 10) for e in make(at=start + 300 + s, version="4")]
    write(tmp_path / f"{stem(start + 300, os.getpid())}.jsonl.open", events)
    return tmp_path


def asked(folder: Path) -> list[list[object]]:
    """The same questions in every way in which they can be asked."""
    return [
        list(read(folder)),
        list(read(folder, limit=7)),
        list(read(folder, limit=99)),
        list(read(folder, version="3")),
        list(read(folder, version="4", limit=15)),
        list(read(folder, since=DAY)),
        list(read(folder, since=DAY - 25, limit=99)),
        [count(folder)],
    ]


def test_a_reader_sees_the_same_before_and_after(folder: Path) -> None:
    before = asked(folder)
    outcome = compact(folder)
    assert (outcome.files, outcome.events) == (3, 30)
    assert asked(folder) == before
    assert [path.suffix for path in files(folder)] == [".open"], "a live writer keeps its file"
    assert compact(folder).files == 0
    assert asked(folder) == before


def test_files_lie_by_day_and_version_sorted_and_with_the_bytes_as_written(folder: Path) -> None:
    written = b"".join(path.read_bytes() for path in files(folder)[:3])
    compact(folder)
    found = sorted(str(p.relative_to(folder).parent) for p in folder.rglob("*.parquet"))
    assert found == [
        "parquet/day=1970-01-01/version=3",
        "parquet/day=1970-01-01/version=3",
        "parquet/day=1970-01-02/version=3",
        "parquet/day=1970-01-02/version=4",
    ]
    assert b"".join(b for part in parquet.parts(folder) for b in part.lines()) == written


def test_doubles_and_disorder_are_gone(tmp_path: Path, make) -> None:
    events = [e for at in (5, 3, 4) for e in make(at=at)]
    write(tmp_path / "1-1.jsonl", [*events, events[0]])
    assert compact(tmp_path).doubles == 1
    (path,) = tmp_path.rglob("*.parquet")
    assert pq.read_table(path, partitioning=None)["time"].to_pylist() == [3, 4, 5]


def test_a_torn_line_is_counted_and_its_file_set_aside_as_it_was(tmp_path: Path, make) -> None:
    events = make(3, at=1)
    write(tmp_path / "1-1.jsonl", events[:2], line(events[2])[:-20])
    content = (tmp_path / "1-1.jsonl").read_bytes()
    assert compact(tmp_path).torn == {"1-1.jsonl.torn": 1}
    assert (tmp_path / "1-1.jsonl.torn").read_bytes() == content
    assert [e["row"] for e in read(tmp_path)] == [0, 1]
    assert compact(tmp_path).files == 0


def test_a_file_of_a_newer_schema_is_left_as_it_was(tmp_path: Path, make) -> None:
    write(tmp_path / "1-1.jsonl", make(at=1, schema=2))
    write(tmp_path / "2-1.jsonl", make(at=2))
    outcome = compact(tmp_path)
    assert "has schema 2" in outcome.refused["1-1.jsonl"]
    assert (outcome.files, [p.name for p in files(tmp_path)]) == (1, ["1-1.jsonl"])


def test_probes_are_not_counted_as_clients(tmp_path: Path, make) -> None:
    (probe,) = make(at=2)
    write(tmp_path / "1-1.jsonl", [*make(at=1), {"probe": True, **probe}])
    compact(tmp_path)
    assert (count(tmp_path), count(tmp_path, probes=True)) == (1, 2)
    assert [e["time"] for e in read(tmp_path)] == [1]


def test_between_parquet_and_removal_an_event_is_seen_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = asked(folder)
    seen = []
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name.endswith(".jsonl"):
            seen.append(asked(folder))
        real(path, missing_ok)

    with monkeypatch.context() as watched:
        watched.setattr(Path, "unlink", unlink)
        compact(folder)
    assert seen == [before] * 3


@pytest.mark.parametrize("limit", [None, 99])
def test_a_file_compacted_between_listing_and_reading_is_still_read(
    folder: Path, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import kaizen.events.read as reader

    before, total = list(read(folder, limit=limit)), count(folder)
    real = reader.listed

    def then_compacted(folder: Path):
        listed = real(folder)
        compact(folder)
        return listed

    copy = {path.name: path.read_bytes() for path in files(folder)}
    monkeypatch.setattr(reader, "listed", then_compacted)
    assert list(read(folder, limit=limit)) == before
    for name, content in copy.items():
        (folder / name).write_bytes(content)
    assert count(folder) == total


def test_two_at_once_are_told_and_change_nothing(folder: Path) -> None:
    with held(folder / LOCK), pytest.raises(KaizenError, match="by somebody else"):
        compact(folder)
    assert len(files(folder)) == 4


def test_the_file_of_a_dead_writer_is_taken_and_of_a_living_one_not(tmp_path: Path, make) -> None:
    spool = Spool(tmp_path)
    spool.write([line(e) for e in make()])
    code = (
        "import sys, os; from pathlib import Path; from kaizen.events.spool import Spool;"
        "Spool(Path(sys.argv[1])).write([sys.stdin.buffer.read()]); os._exit(9)"
    )
    content = b"".join(map(line, make(2)))
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], input=content, cwd=PROJECT_ROOT, check=False
    )
    assert compact(tmp_path).events == 2
    (own,) = files(tmp_path)
    # In a container the number may be anybody's: the lock alone tells as well.
    own.rename(tmp_path / "1-999999999.jsonl.open")
    assert compact(tmp_path).files == 0
    assert count(tmp_path) == 3
    spool.close()


def test_a_folder_that_is_not_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert compact(tmp_path / "none").files == 0


def test_the_place_of_each_line_in_its_spool_file_is_kept(tmp_path: Path, make) -> None:
    events = [e for at in (DAY + 5, 3, 4) for e in make(at=at)]
    write(tmp_path / "1-1.jsonl", [*events, events[0]], b"{torn\n")
    content = (tmp_path / "1-1.jsonl").read_bytes()
    compact(tmp_path)
    for part in parquet.parts(tmp_path):
        table = pq.read_table(part.path, partitioning=None)
        for start, row in zip(table["at"].to_pylist(), table["event"].to_pylist(), strict=True):
            assert content[start : start + len(row)] == row
