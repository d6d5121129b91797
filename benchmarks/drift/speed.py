"""Seconds and memory of fitting, checking and counting tables of 35 columns, and Evidently's.

    python -m benchmarks.drift.speed [--rows 10000 100000 1000000] [--rounds 3] [--out FILE]

Each size runs in a process of its own, so that its peak memory is its own. Windows counted are
files of Parquet; Evidently runs once on the same (:mod:`benchmarks.drift.scanned`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from benchmarks.drift import scanned
from benchmarks.drift.scanned import peak
from kaizen.monitoring.drift.profile import Profile

T = TypeVar("T")

COLUMNS = 35


def measured(rows: int) -> dict[str, float]:
    """CPU seconds and megabytes for a reference and a window of ``rows`` rows each."""
    random = np.random.default_rng(0)

    def table() -> pd.DataFrame:
        return pd.DataFrame(
            random.standard_normal((rows, COLUMNS)), columns=[f"c{at}" for at in range(COLUMNS)]
        )

    reference, window = table(), table()
    before = peak()
    fit, profile = _timed(lambda: Profile.fit(reference, window=500, seed=0))
    profile.check(window.head(500))
    usual, _ = _timed(lambda: profile.check(window.head(500)))
    first, verdict = _timed(lambda: profile.check(window))
    again, _ = _timed(lambda: profile.check(window))
    return {
        "rows": rows,
        "fit s": fit,
        "check of 500 rows s": usual,
        "check s, first": first,
        "check s": again,
        "rows compared": verdict.window_rows,
        "rows given per s": rows / again,
        "MB beyond the tables": peak() - before,
    }


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.process_time()
    found = work()
    return round(time.process_time() - started, 4), found


def counted(rows: int, rounds: int) -> dict[str, Any]:
    """A file of ``rows`` rows counted by us, the middle of ``rounds``, and Evidently on it."""
    with tempfile.TemporaryDirectory() as folder:
        path = scanned.table(Path(folder) / "window.parquet", rows)
        some = [scanned.alone(scanned.ours, path) for _ in range(rounds)]
        theirs = scanned.alone(scanned.evidently, path)
    ours = {key: median(one[key] for one in some) for key in some[0]}
    share = (ours["scan s"] + ours["check s"]) / theirs["s"]
    return {"kaizen": ours, "Evidently": theirs, "share of Evidently's CPU": share}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found: dict[str, list[Any]] = {"counted": [], "checked": []}
    for rows in asked.rows:
        found["counted"].append(counted(rows, asked.rounds))
        print(json.dumps(found["counted"][-1]), flush=True)
    for rows in asked.rows:
        with get_context("spawn").Pool(1) as pool:
            found["checked"].append(pool.apply(measured, (rows,)))
        print(json.dumps(found["checked"][-1]), flush=True)
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
