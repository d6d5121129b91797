"""Measures the event log: what a write costs, compaction, and reading from spool and Parquet.

``python -m benchmarks.events [EVENTS]`` from the project's root, 200,000 by default, in a
temporary folder.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kaizen.events import scan
from kaizen.events.compact import compact
from kaizen.events.read import count, read
from kaizen.events.schema import SCHEMA, Event, event_id, line, new_id, pack
from kaizen.events.spool import Spool
from usecases.diabetes.features import COLUMNS

MEANS = "SELECT count(*), " + ", ".join(f'avg("inputs.{c}")' for c in COLUMNS) + " FROM events"  # noqa: S608
CHANCE = np.random.default_rng(0)


def seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def made(at: float) -> bytes:
    """The line of one answered patient."""
    request = new_id()
    values = CHANCE.normal(0, 0.05, len(COLUMNS))
    event: Event = {
        "schema": SCHEMA,
        "id": event_id(request, 0),
        "time": at,
        "usecase": "diabetes",
        "version": "1",
        "request": request,
        "row": 0,
        "trace": None,
        "latency_ms": 1.234,
        "inputs": {"values": dict(zip(COLUMNS, values.tolist(), strict=True))},
        "outputs": {"prediction": pack(values[None, :1])[0]},
        "response": {"progression": float(values.sum())},
        "confidence": None,
    }
    return line(event)


def main(events: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        began = time.time()
        lines = [made(began + at / 1000) for at in range(events)]
        spool = Spool(folder, max_bytes=8 * 2**20)
        writing = seconds(lambda: [spool.write([each]) for each in lines])
        spool.close()
        found: dict[str, float] = {
            "events": count(folder),
            "write_us": round(writing / events * 1e6, 1),
        }
        found |= reading(folder, "spool", began + events / 2000)
        found["spool_mb"] = round(sum(p.stat().st_size for p in folder.glob("*.jsonl")) / 1e6, 1)
        found["compact_rows_per_s"] = round(events / seconds(lambda: compact(folder)))
        found |= reading(folder, "parquet", began + events / 2000)
        size = sum(p.stat().st_size for p in folder.rglob("*.parquet"))
        found["parquet_mb"] = round(size / 1e6, 1)
        assert count(folder) == events
    return found


def reading(folder: Path, name: str, half: float) -> dict[str, float]:
    """Seconds for all, the later half, the newest 20, the count, and means of all inputs by SQL."""
    return {
        f"{name}_all_s": round(seconds(lambda: deque(read(folder), 0)), 3),
        f"{name}_since_half_s": round(seconds(lambda: deque(read(folder, since=half), 0)), 3),
        f"{name}_newest_20_s": round(seconds(lambda: list(read(folder, limit=20))), 4),
        f"{name}_count_s": round(seconds(lambda: count(folder)), 4),
        f"{name}_scan_s": round(seconds(lambda: scan.ask(folder, MEANS)), 3),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000), indent=1))
