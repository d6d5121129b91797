"""Measures windows of the event log: which is due, and reading it, in a large store.

``python -m benchmarks.windows [EVENTS]`` from the project's root, 1,000,000 by default: compacted,
of ten days and two worker processes, with an open spool file of 50 MB besides, in a temporary
folder. Every figure is of a process that has read nothing before, in seconds by the clock and of
CPU (a machine that is busy with other work shows in the difference).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.events import made, seconds
from kaizen.core.monitoring_settings import CountWindow, MonitoringRule, TimeWindow
from kaizen.events import labels, read
from kaizen.events.compact import compact
from kaizen.events.label import Label
from kaizen.events.spool import Spool
from kaizen.monitoring.windows import window_data, windowing
from kaizen.monitoring.windows.progress import Progress
from kaizen.monitoring.windows.window import Window
from usecases.diabetes.features import features

ROWS = 500
DAYS = 10
NOW = 1_800_000_000.0
OPEN = 80_000
RULE = MonitoringRule(window=CountWindow(rows=ROWS))


def fill(folder: Path, events: int) -> None:
    """``events`` compacted ones up to ``NOW``, then ``OPEN`` that are not."""
    step = DAYS * 86400 / events
    spools = [Spool(folder, max_bytes=16 * 2**20) for _ in range(2)]
    for at in range(events):
        spools[at % 2].write([made(NOW - (events - at) * step)])
    for spool in spools:
        spool.close()
    compact(folder, features)
    newest = list(read.read(folder, limit=1000))
    labels.append(folder, [Label(event["id"], 1.0, NOW, "import") for event in newest])
    path = folder / f"{int(NOW * 1e9):020d}-1.jsonl.open"
    path.write_bytes(b"".join(made(NOW + at / 100) for at in range(OPEN)))


def up_to(folder: Path, last: float) -> list[Window]:
    """A window of all events up to ``last``, as if they had been judged."""
    progress = Progress("diabetes", "1")
    heads = windowing.pending(folder, progress, lambda *_: False).fresh
    chosen = [head for head in heads if head.time <= last]
    return [progress.window(chosen, heads[len(chosen) :], chosen[-1].key)]


def cases() -> Iterator[tuple[str, float]]:
    """Name and the time up to which all is judged."""
    yield "nothing_judged", 0.0
    yield "half_judged", NOW - DAYS * 86400 / 2
    yield "spool_only", NOW
    yield "all_but_1000", NOW + (OPEN - 1000) / 100


def measure(folder: Path, judged: list[Window], rule: MonitoringRule) -> dict[str, float]:
    found: list[Window | windowing.NotReady] = []
    now = NOW + OPEN
    began = time.process_time()
    due = seconds(
        lambda: found.append(windowing.next_window(folder, "diabetes", "1", rule, 0, judged, now))
    )
    (window,) = found
    assert isinstance(window, Window)
    between = time.process_time()
    reading = seconds(lambda: window_data.load_window(features, folder, window))
    ended = time.process_time()
    return {
        "due_s": round(due, 3),
        "due_cpu_s": round(between - began, 3),
        "read_s": round(reading, 3),
        "read_cpu_s": round(ended - between, 3),
        "rows": window.rows,
    }


def main(events: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "diabetes")
        fill(folder, events)
        found: dict[str, object] = {"events": read.count(folder)}
        for name, last in cases():
            judged = up_to(folder, last) if last else []
            path = Path(temporary, "judged.json")
            path.write_text(json.dumps([each.model_dump() for each in judged]), encoding="utf-8")
            for kind in ("count", "time"):
                command = [sys.executable, "-m", "benchmarks.windows", "one", kind, str(folder)]
                ran = subprocess.run([*command, str(path)], check=True, capture_output=True)
                found[f"{name}_{kind}"] = json.loads(ran.stdout)
        busy = up_to(folder, NOW + (OPEN - 100) / 100)
        began = time.process_time()
        for _ in range(20):
            windowing.next_window(folder, "diabetes", "1", RULE, 0, busy, NOW + OPEN)
        found["waiting_cpu_s"] = round((time.process_time() - began) / 20, 4)
    return found


def one(kind: str, folder: Path, path: Path) -> dict[str, float]:
    """In a process of its own."""
    judged = [Window.model_validate(each) for each in json.loads(path.read_text(encoding="utf-8"))]
    hour = MonitoringRule(window=TimeWindow(seconds=100))
    return measure(folder, judged, RULE if kind == "count" else hour)


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))))
    else:
        print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000), indent=1))
