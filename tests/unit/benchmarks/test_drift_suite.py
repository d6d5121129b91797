"""The drift case: both judge the same file, and the goal is of the scan."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from repository import PROJECT_ROOT

from benchmarks.drift import scanned, suite


def test_the_table_is_as_long_as_asked_and_the_same_every_time(tmp_path: Path) -> None:
    one, two = (scanned.table(tmp_path / name, 150_000) for name in ("one", "two"))
    assert pq.read_metadata(one).num_rows == 150_000
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
def test_ours_counts_every_row(tmp_path: Path) -> None:
    found = scanned.alone(scanned.ours, scanned.table(tmp_path / "rows", 20_000))
    assert found["rows"] == 20_000
    assert found["drifted"] is False
    assert found["scan s"] > 0


def test_the_goal_is_a_hundredth_of_evidently() -> None:
    ours = {"rows": 1e6, "scan s": 0.5, "check s": 0.6, "peak MB": 300.0}
    scan, whole, memory = suite.compared([ours], {"s": 100.0, "peak MB": 2000.0})
    assert (scan.ratio, scan.met) == (0.005, True)
    assert whole.ratio == pytest.approx(0.011)
    assert whole.met is False
    assert memory.ratio == pytest.approx(0.15)
    assert suite.compared([ours], {"s": 49.0, "peak MB": 1.0})[0].met is False


def test_only_the_proof_bounds_the_threads_of_its_processes() -> None:
    asked = (
        "import os, benchmarks.run; assert 'OMP_NUM_THREADS' not in os.environ; "
        "import benchmarks.drift.suite; assert os.environ['OMP_NUM_THREADS'] == '1'"
    )
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    subprocess.run([sys.executable, "-c", asked], cwd=PROJECT_ROOT, env=bare, check=True)
