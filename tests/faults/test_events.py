"""Compaction under kill -9: no acknowledged event is lost, none is there twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from kills import kill
from repository import PROJECT_ROOT

from kaizen.events.compact import compact
from kaizen.events.parquet import parts
from kaizen.events.read import files, parsed, read

KILLS = int(os.environ.get("FAULTS", "20"))

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(900 + 20 * KILLS)]

_WRITER = """
import sys, time
from pathlib import Path
from kaizen.events.schema import event_id, line, new_id
from kaizen.events.spool import Spool
spool = Spool(Path(sys.argv[1]), max_bytes=15_000)
while True:
    request, now = new_id(), time.time()
    lines = [
        line({"schema": 1, "id": event_id(request, row), "time": now, "request": request,
              "row": row, "version": "1", "inputs": {"values": {"x": "y" * 300}}})
        for row in range(3)
    ]
    if spool.write(lines):
        print(request, flush=True)
    time.sleep(0.004)
"""

_COMPACTOR = """
import sys
from pathlib import Path
from kaizen.events.compact import compact
from kaizen.core.errors import KaizenError
import kaizen.events.parquet
print("ready", flush=True)
while True:
    try:
        compact(Path(sys.argv[1]))
    except KaizenError:
        pass
"""


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        cwd=PROJECT_ROOT,
        text=True,
    )


def test_kill_9_of_compactors_and_writers_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random()
    acknowledged: set[str] = set()
    for at in range(KILLS):
        writer = start(_WRITER, tmp_path)
        compactors = [start(_COMPACTOR, tmp_path) for _ in range(2)]
        for compactor in compactors:
            assert compactor.stdout
            assert compactor.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.4))
        during = Counter(event["id"] for event in read(tmp_path))
        for compactor in compactors:
            kill(compactor)
        acknowledged |= set(kill(writer))
        found = Counter(event["id"] for event in read(tmp_path))
        due = {f"{request}-{row}" for request in acknowledged for row in range(3)}
        assert due - set(found) == set(), f"lost after kill {at}"
        assert set(during) - set(found) == set(), f"seen before kill {at}, and not after it"
        assert {*during.values(), *found.values()} <= {1}, f"double at kill {at}"
    assert acknowledged
    before = list(read(tmp_path))
    compact(tmp_path)
    assert files(tmp_path) == []
    assert not [path for path in tmp_path.rglob(".*") if path.name != ".compact.lock"]
    assert list(read(tmp_path)) == before
    # Not by way of the reader, which would hide a double.
    rows = [parsed(line) for part in parts(tmp_path) for line in part.lines()]
    assert max(Counter(row["id"] for row in rows if row).values()) == 1
    assert len(rows) == len(before)
