"""A run's cost is that of its whole process tree."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from benchmarks import measure
from benchmarks.measure import System
from kaizen.core.errors import KaizenError

BURN = "import time\nwhile time.process_time() < 0.5: pass\n"
ORPHAN = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}])"


def launched(tmp_path: Path, code: str, limit: float = 30.0) -> dict[str, float]:
    report = tmp_path / "cost.json"
    command = [sys.executable, "-m", "benchmarks.launch", str(report), str(limit)]
    subprocess.run([*command, sys.executable, "-c", code], cwd=measure.ROOT, check=True)
    found: dict[str, float] = json.loads(report.read_text())
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux")
def test_what_a_run_leaves_behind_is_counted(tmp_path: Path) -> None:
    found = launched(tmp_path, ORPHAN)
    assert found["code"] == 0
    assert 0.5 <= found["cpu"] < 2.0


def test_the_peak_is_seen(tmp_path: Path) -> None:
    large = "import time; kept = b'x' * 200_000_000; time.sleep(0.5)"
    assert launched(tmp_path, large)["peak"] > 190
    assert launched(tmp_path, "pass")["peak"] < 100


def test_a_run_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    found = launched(tmp_path, "import time; time.sleep(60)", limit=0.5)
    assert found["code"] != 0
    assert found["wall"] < 20


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a child of its parent's end")
def test_nothing_is_left_when_the_benchmark_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    sleeper = f"import os, time; open({str(pids)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    words = [sys.executable, "-m", "benchmarks.launch", str(tmp_path / "cost.json"), "60"]
    launch = [*words, sys.executable, "-c", sleeper]
    between = f"import subprocess; subprocess.run({launch!r})"
    parent = subprocess.Popen([sys.executable, "-c", between], cwd=measure.ROOT)
    wait_for(lambda: pids.exists() and pids.read_text() != "")
    parent.kill()
    parent.wait()
    wait_for(lambda: not psutil.pid_exists(int(pids.read_text())))


def wait_for(happened: Callable[[], bool], limit: float = 15.0) -> None:
    end = time.monotonic() + limit
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


SCRIPT = """
import os, sys
from benchmarks import workloads
from benchmarks.peers.contract import params, timed
if sys.argv[1] == "fail":
    sys.exit("it is broken")
timed(lambda: workloads.noop(3, params()["before"]))
print(sorted(os.environ))
"""


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System("tried", (sys.executable, "-c", SCRIPT), tmp_path / "home", {"OWN": "1"})


def test_a_run_reports_its_figures_and_what_it_computed(system: System) -> None:
    sample = measure.run(system, "fine", {"before": 41}, "salt")
    assert sample.trace == ("noop-3 42",)
    assert {"wall", "cpu", "peak", "inner_wall", "inner_cpu"} <= sample.figures.keys()
    assert sample.figures["inner_wall"] < sample.figures["wall"]


def test_a_standing_servers_share_is_added(system: System) -> None:
    seconds = iter([10.0, 110.0])
    beside = System("tried", system.command, system.folder, {}, lambda: next(seconds))
    assert measure.run(beside, "fine", {"before": 1}, "salt").figures["cpu"] > 100


def test_a_run_that_fails_is_named_with_its_last_words(system: System) -> None:
    with pytest.raises(KaizenError, match=r"(?s)tried failed at fail.*it is broken"):
        measure.run(system, "fail", {}, "salt")
