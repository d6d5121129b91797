"""Labelling under kill -9: no acknowledged label is lost, none is there twice or by half."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kills import kill
from repository import PROJECT_ROOT

from kaizen.events.joined import joined
from kaizen.events.labels import FILE, FOLDER, history, read
from kaizen.events.schema import event_id, line, new_id
from usecases.digits.features import features

ROWS = 60

pytestmark = [pytest.mark.slow]

_WRITER = """
import sys, time
from pathlib import Path
from kaizen.events.label import Label
from kaizen.events.labels import append
from kaizen.events.schema import event_id, new_id
while True:
    request = new_id()
    events = [event_id(request, row) for row in range(60)]
    # So large that a killed write can end in the middle: the kernel copies page by page.
    labels = [Label(event, row % 10, time.time(), "x" * 2000) for row, event in enumerate(events)]
    append(Path(sys.argv[1]), labels)
    print(request, flush=True)
"""

_COMMAND = """
import sys
from kaizen.events import labels
write = labels.append
def append(folder, given):
    write(folder, given)
    print("written", flush=True)
labels.append = append
from kaizen.events import labelling
labelling.AT_ONCE = 10
from kaizen.cli.main import app
app(["label", "digits", "--file", sys.argv[1], "--json"], standalone_mode=False)
"""


def start(code: str, argument: Path, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(argument)],
        stdout=subprocess.PIPE,
        env={"KAIZEN_HOME": str(home), "HOME": str(home)},
        cwd=PROJECT_ROOT,
        text=True,
    )


def test_kill_9_of_writers_loses_no_label(
    tmp_path: Path, faults: int, counts: Callable[..., None]
) -> None:
    chance = random.Random()
    folder = tmp_path / "digits"
    acknowledged: set[str] = set()
    rounds = max(faults // 2, 1)
    for at in range(rounds):
        writers = [start(_WRITER, folder, tmp_path) for _ in range(2)]
        for writer in writers:
            assert writer.stdout
            acknowledged.add(writer.stdout.readline().strip())
        time.sleep(chance.uniform(0.0, 0.05))
        for writer in writers:
            acknowledged |= set(kill(writer))
        found = Counter((label.event, label.value) for label in history(folder))
        due = {(event_id(each, row), row % 10) for each in acknowledged for row in range(ROWS)}
        assert due - set(found) == set(), f"lost after kill {at}"
        assert set(found.values()) == {1}, f"double at kill {at}"
    assert len(read(folder)) == len(found)
    lines = (folder / FOLDER / FILE).read_bytes().split(b"\n")
    torn = sum(map(bool, lines)) - len(found)
    counts(kills=2 * rounds, labels=len(found), torn_lines=torn)


def test_kill_9_of_an_import_and_the_same_again(
    tmp_path: Path, faults: int, counts: Callable[..., None]
) -> None:
    """Killed as often as it takes, the table is in the log once, with its events."""
    chance = random.Random()
    folder = tmp_path / "events" / "digits"
    folder.mkdir(parents=True)
    rows = 20 * faults
    ids = [event_id(new_id(), 0) for _ in range(rows)]
    answered: dict[str, Any] = {"version": "1", "response": {"digit": 1}}
    with (folder / "1-1.jsonl").open("wb") as log:
        for at, name in enumerate(ids):
            event: Any = {"request": name[:32], "row": 0, "time": 2e9 + at, **answered, "id": name}
            log.write(line(event))
    table = tmp_path / "labels.csv"
    table.write_text(
        "event,label\n" + "".join(f"{name},{at % 10}\n" for at, name in enumerate(ids))
    )
    kills = done = 0
    while kills < max(faults // 4, 2):
        importer = start(_COMMAND, table, tmp_path)
        assert importer.stdout
        for _ in range(chance.randint(1, 3)):
            done += importer.stdout.readline() == "written\n"
        kills += 1
        kill(importer)
        assert len(list(history(folder))) >= 10 * done, f"lost after kill {kills}"
    importer = start(_COMMAND, table, tmp_path)
    said = json.loads(importer.communicate(timeout=60)[0].splitlines()[-1])
    assert said["stored"] + said["known"] == rows
    assert said["known"] >= 10 * done
    assert len(list(history(folder))) == rows, "what is there is not written again"
    found = [(event["id"], label and label.value) for event, label in joined(features, folder)]
    assert found == [(name, at % 10) for at, name in enumerate(ids)]
    counts(kills=kills, labels=rows)
