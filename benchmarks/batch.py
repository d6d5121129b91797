"""Measures batch scoring: rows a second, and the memory that files of growing length take.

``python -m benchmarks.batch [MILLIONS]`` from the project's root, 10 by default, in a temporary
folder and with a state folder of its own: the diabetes model, ten numbers a row.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.datasets import load_diabetes

KAIZEN = Path(sys.executable).with_name("kaizen")
AT_ONCE = 100_000


def rows(path: Path, count: int) -> None:
    """The published rows again and again, ``count`` of them."""
    frame = load_diabetes(as_frame=True).data
    repeated = frame.iloc[np.arange(AT_ONCE) % len(frame)]
    table = pa.Table.from_pandas(repeated, preserve_index=False)
    with pq.ParquetWriter(path, table.schema) as writer:
        for start in range(0, count, AT_ONCE):
            writer.write_table(table.slice(0, min(AT_ONCE, count - start)))


def scored(source: Path, environment: dict[str, str]) -> dict[str, Any]:
    """What ``kaizen score`` says of itself, with the most memory it held (MB)."""
    command = [str(KAIZEN), "score", "diabetes@1", str(source), "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    return {**json.loads(said), "peak_mb": used.ru_maxrss / 1024, "cpu_s": used.ru_utime}


def main(millions: float) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        environment = {**os.environ, "KAIZEN_HOME": str(Path(temporary, "home"))}
        trained = [str(KAIZEN), "train", "diabetes", "--json"]
        subprocess.run(trained, env=environment, check=True, capture_output=True)
        for share in (0.01, 0.1, 1):
            source = Path(temporary, "rows.parquet")
            rows(source, round(millions * 1e6 * share))
            done = scored(source, environment)
            print(
                f"{done['rows']:>12,} rows  {done['rows_per_second']:>9,.0f} rows/s"
                f"  {1e6 * done['cpu_s'] / done['rows']:>6.1f} µs CPU a row"
                f"  {done['peak_mb']:>6,.0f} MB at most"
            )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
