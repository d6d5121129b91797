"""One table of 35 columns, counted and judged by kaizen, and reported by Evidently: each once.

A function is run in a process of its own, so that its peak memory is its own. CPU seconds are those
of the work alone, on one core: imports, and the profile, which is made once per model, are before.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any, cast

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = [f"c{at}" for at in range(35)]
REFERENCE = 10_000
"""Rows both are given to compare with: what a profile keeps at most."""

Figures = dict[str, float]


def table(path: Path, rows: int) -> Path:
    """Normal numbers, in a file of Parquet, a row group at a time."""
    random = np.random.default_rng(rows)
    schema = pa.schema([(name, pa.float64()) for name in COLUMNS])
    with pq.ParquetWriter(path, schema) as file:
        for at in range(0, rows, 100_000):
            some = random.standard_normal((len(COLUMNS), min(100_000, rows - at)))
            file.write_table(pa.table(list(some), schema=schema))
    return path


def reference() -> pd.DataFrame:
    """What the window is held against."""
    random = np.random.default_rng(0)
    return pd.DataFrame(random.standard_normal((REFERENCE, len(COLUMNS))), columns=COLUMNS)


def alone(work: Callable[[Path], Figures], path: Path) -> Figures:
    """``work`` in a fresh process."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (path,))


def ours(path: Path) -> Figures:
    """Count the file by one thread, and check the counts."""
    from kaizen.monitoring.drift.profile import Profile
    from kaizen.monitoring.drift.scan import histogram

    # Draws for small windows are not used here; dealing takes as many as it ever does.
    profile = Profile.fit(reference(), window=10, seed=0, draws=1_499)
    before = peak()
    # What Python does once in a process is not the window's.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET enable_progress_bar = false")
        histogram(profile, connection.from_df(reference().head(100)))
        started = time.process_time()
        found = histogram(profile, connection.read_parquet(str(path)))
        counted = time.process_time()
        verdict = profile.check_histogram(found)
    return {
        "rows": found.rows,
        "scan s": round(counted - started, 4),
        "check s": round(time.process_time() - counted, 4),
        "rows per s": round(found.rows / (counted - started)),
        "bytes": len(found.to_bytes()),
        "peak MB": round(peak()),
        "MB beyond the profile": round(peak() - before),
        "drifted": verdict.drifted,
    }


def evidently(path: Path) -> Figures:
    """The preset of drift with its defaults; the tables are in memory, reading is not counted."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    window, known = pd.read_parquet(path), reference()
    definition = DataDefinition(numerical_columns=COLUMNS)
    started = time.process_time()
    sides = [Dataset.from_pandas(side, data_definition=definition) for side in (window, known)]
    found = cast(dict[str, Any], Report([DataDriftPreset()]).run(*sides).dict())
    spent = time.process_time() - started
    if len(found["metrics"]) < len(COLUMNS):
        raise RuntimeError("Evidently compared fewer columns than there are")
    return {"rows": len(window), "s": round(spent, 3), "peak MB": round(peak())}


def peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
