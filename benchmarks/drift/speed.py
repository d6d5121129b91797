"""Seconds and memory of fitting and checking tables of 35 columns.

    python -m benchmarks.drift.speed [--rows 10000 100000 1000000] [--out FILE]

Each size runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from monitoring.drift.profile import Profile

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
    before = _peak()
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
        "MB beyond the tables": _peak() - before,
    }


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.process_time()
    found = work()
    return round(time.process_time() - started, 4), found


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = []
    for rows in asked.rows:
        with get_context("spawn").Pool(1) as pool:
            found.append(pool.apply(measured, (rows,)))
        print(json.dumps(found[-1]), flush=True)
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
