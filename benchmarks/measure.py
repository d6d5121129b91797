"""Systems under test, and runs of them: one fresh process each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaizen.core.errors import KaizenError

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 600.0
"""A run that takes longer is ended."""

NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "ZENML_ANALYTICS_OPT_IN": "false",
    "DAGSTER_DISABLE_TELEMETRY": "true",
    "KEDRO_DISABLE_TELEMETRY": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
SAME_TRAINING = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
"""Ours sets these; they change what training costs, so everybody gets them."""


@dataclass(frozen=True)
class System:
    """Something that runs workloads: a Python, a module of ``benchmarks.peers``, a folder.

    Attributes:
        name: as it stands in the results.
        command: what starts it, without the workload.
        folder: its home, its stores and its logs; its own, empty at first.
        environment: variables beside those that every system gets.
        beside: CPU seconds so far of a server that works for it, where it has one.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    beside: Callable[[], float] = lambda: 0.0


@dataclass(frozen=True)
class Sample:
    """One run. Figures: cpu and wall in seconds, peak in MB, and what the run told of itself."""

    figures: dict[str, float]
    trace: tuple[str, ...]


def run(system: System, workload: str, params: dict[str, Any], salt: str) -> Sample:
    """Run ``workload`` in a fresh process.

    Raises:
        KaizenError: it failed or took too long; the end of its output is in the message.
    """
    system.folder.mkdir(parents=True, exist_ok=True)
    stem = system.folder / f"{workload}-{uuid.uuid4().hex[:8]}"
    cost, report, traces, log = (
        stem.with_suffix(f".{kind}") for kind in ("cost.json", "json", "trace", "log")
    )
    variables = {
        "PATH": f"{Path(system.command[0]).parent}:{os.environ['PATH']}",
        "HOME": str(system.folder),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "PYTHONPATH": str(ROOT),
        **NO_TELEMETRY,
        **SAME_TRAINING,
        **system.environment,
        "BENCH_PARAMS": json.dumps({**params, "salt": salt}),
        "BENCH_REPORT": str(report),
        "BENCH_TRACE": str(traces),
    }
    launch = [sys.executable, "-m", "benchmarks.launch", str(cost), str(LIMIT_S)]
    traces.touch()
    before = system.beside()
    with log.open("wb") as output:
        subprocess.run(
            [*launch, *system.command, workload],
            env=variables,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            check=True,
        )
    beside = system.beside() - before
    figures: dict[str, float] = json.loads(cost.read_text("utf-8"))
    if figures.pop("code"):
        end = "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-15:])
        raise KaizenError(f"{system.name} failed at {workload} (log: {log}):\n{end}")
    figures["cpu"] += beside
    figures |= json.loads(report.read_text("utf-8"))
    figures["inner_cpu"] = figures.get("inner_cpu", 0.0) + beside
    trace = tuple(sorted(traces.read_text("utf-8").splitlines()))
    for used in (cost, report, traces, log):
        used.unlink()
    return Sample(figures, trace)
