"""What the benchmark hands to a system under test, and what that hands back.

A system is a module: ``python -m benchmarks.peers.NAME WORKLOAD``. Parameters come as JSON in
``BENCH_PARAMS``; what it measured itself goes as JSON to the file ``BENCH_REPORT``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def params() -> dict[str, Any]:
    """The workload's parameters; ``salt`` is new for every run that must not hit a cache."""
    found: dict[str, Any] = json.loads(os.environ["BENCH_PARAMS"])
    return found


def warm(p: dict[str, Any]) -> dict[str, Any] | None:
    """What is run first, unmeasured, in the same process; None where the process is cold."""
    if "warm" not in p:
        return None
    # A salt of its own, and new in every run: else a later run's would come from the cache.
    return {**p, **p["warm"], "salt": f"{p['salt']}-warm"}


def run(workloads: Mapping[str, Callable[[dict[str, Any]], object]]) -> None:
    """Run the workload that the command line names: first what warms up, then the measured run."""
    p, work = params(), workloads[sys.argv[1]]
    if first := warm(p):
        work(first)
    timed(lambda: work(p))


def cpu_seconds() -> float:
    """CPU of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def timed(work: Callable[[], object]) -> None:
    """Do ``work`` and report its wall and CPU seconds: the run without the process's start."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    work()
    report = {"inner_wall": time.perf_counter() - wall, "inner_cpu": cpu_seconds() - cpu}
    Path(os.environ["BENCH_REPORT"]).write_text(json.dumps(report), encoding="utf-8")
