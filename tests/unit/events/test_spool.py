from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen.events.compact import compact
from kaizen.events.read import count, files, read
from kaizen.events.schema import line
from kaizen.events.spool import OPEN, SEALED, Spool

_WRITER = """
import sys
from pathlib import Path
from kaizen.events.schema import event_id, line, new_id
from kaizen.events.spool import Spool
spool = Spool(Path(sys.argv[1]), max_bytes=200_000)
while True:
    request = new_id()
    lines = [
        line({"id": event_id(request, row), "time": 1.0, "request": request, "row": row,
              "version": "1", "inputs": {"values": {"x": "y" * 300}}})
        for row in range(3)
    ]
    if spool.write(lines):
        print(request, flush=True)
"""


def test_kill_9_loses_no_acknowledged_event(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=PROJECT_ROOT,
        text=True,
    )
    assert writer.stdout
    acknowledged = [writer.stdout.readline().strip() for _ in range(1000)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [text for text in writer.stdout.read().split("\n")[:-1] if text]
    writer.stdout.close()
    writer.wait()
    found: dict[str, set[int]] = {}
    for event in read(tmp_path):
        found.setdefault(event["request"], set()).add(event["row"])
    assert len(acknowledged) >= 1000
    assert [r for r in acknowledged if found.get(r) != {0, 1, 2}] == []
    assert len(files(tmp_path)) > 3, "the writer changed files on its way"


def test_a_full_disk_is_counted_and_never_raised(tmp_path: Path, make) -> None:
    spool = Spool(tmp_path, sync_seconds=0.01)
    event = make(4)
    lines = [line(e) for e in event]
    size = sum(map(len, lines))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size * 2 + size // 2, hard))
    try:
        outcomes = [spool.write([line(e) for e in make(4)]) for _ in range(4)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outcomes == [True, True, False, False]
    assert (spool.written, spool.dropped) == (8, 8)
    assert count(tmp_path) == 8, "no half request stays behind"
    assert spool.write(lines), "once there is room again, events are kept again"
    spool.close()
    assert [e["id"] for e in read(tmp_path, limit=4)] == [e["id"] for e in event]
    assert count(tmp_path) == 12


def test_a_torn_request_that_cannot_be_taken_back_costs_only_itself(
    tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    real = os.write

    def half(descriptor: int, content: bytes) -> int:
        return real(descriptor, content[: len(content) // 2])

    def refuse(*_: object) -> None:
        raise OSError("read-only")

    assert spool.write([line(e) for e in make()])
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", half)
        broken.setattr(os, "ftruncate", refuse)
        assert not spool.write([line(e) for e in make()])
    assert spool.write([line(e) for e in make()])
    spool.close()
    assert count(tmp_path) == 2
    assert len(list(read(tmp_path))) == 2


def test_a_folder_that_cannot_be_made_costs_events_only(tmp_path: Path, make) -> None:
    (tmp_path / "file").write_text("in the way")
    spool = Spool(tmp_path / "file" / "digits")
    assert not spool.write([line(e) for e in make(2)])
    assert spool.dropped == 2
    spool.close()


def test_a_new_file_is_begun_by_size_and_the_old_one_sealed(tmp_path: Path, make) -> None:
    spool = Spool(tmp_path, max_bytes=500, sync_seconds=0.02)
    for _ in range(6):
        spool.write([line(e) for e in make(3)])
    deadline = time.monotonic() + 5
    while sum(f.name.endswith(SEALED) for f in files(tmp_path)) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert sum(f.name.endswith(OPEN) for f in files(tmp_path)) == 1
    spool.close()
    assert [f.suffix for f in files(tmp_path)] == [".jsonl"] * 6
    assert count(tmp_path) == 18


def test_a_new_file_is_begun_by_age(tmp_path: Path, make) -> None:
    spool = Spool(tmp_path, max_seconds=0.05)
    spool.write([line(e) for e in make()])
    time.sleep(0.06)
    spool.write([line(e) for e in make()])
    spool.close()
    assert len(files(tmp_path)) == 2


def test_what_was_written_is_synced_within_a_moment(
    tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    spool = Spool(tmp_path, sync_seconds=0.02)
    spool.write([line(e) for e in make()])
    deadline = time.monotonic() + 5
    while not synced:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.1)
    assert len(synced) == 1, "nothing new, nothing to sync"
    spool.close()


def test_no_more_files_than_may_be_until_they_are_compacted(
    tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kaizen.events.spool._LOOK_S", 0.0)
    spool = Spool(tmp_path, max_bytes=500, sync_seconds=0.01, max_total=3000)
    outcomes = [spool.write([line(e) for e in make(2)]) for _ in range(6)]
    assert outcomes[0]
    assert not outcomes[-1]
    assert spool.dropped == 2 * outcomes.count(False)
    deadline = time.monotonic() + 5
    while any(f.name.endswith(OPEN) for f in files(tmp_path)):  # also the last one can be taken
        assert time.monotonic() < deadline
        time.sleep(0.01)
    kept = count(tmp_path)
    compact(tmp_path)
    assert spool.write([line(e) for e in make(2)])
    spool.close()
    assert count(tmp_path) == kept + 2
