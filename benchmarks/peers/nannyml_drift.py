"""NannyML's univariate drift with its defaults, in its own environment.

    python benchmarks/peers/nannyml_drift.py FOLDER

FOLDER has a folder per trial with ``reference.parquet`` and a file per window beside it; for each
window ``FOLDER/alerts.json`` says how many columns alerted. A window is one chunk.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from pathlib import Path

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")

import nannyml  # noqa: E402
import pandas as pd  # noqa: E402


def alerts(trial: Path) -> dict[str, int]:
    """Columns that alert, by name of window."""
    reference = pd.read_parquet(trial / "reference.parquet")
    found = {}
    calculator = None
    for path in sorted(trial.glob("*.parquet")):
        if path.stem == "reference":
            continue
        window = pd.read_parquet(path)
        if calculator is None:
            calculator = nannyml.UnivariateDriftCalculator(
                column_names=list(reference),
                treat_as_categorical=["sex"],
                chunk_size=len(window),
            )
            calculator.fit(reference)
        result = calculator.calculate(window).filter(period="analysis").to_df()
        told = result.xs("alert", axis=1, level=2)
        if told.shape != (1, len(reference.columns)):
            raise RuntimeError(f"{path}: alerts of the shape {told.shape}")
        found[path.stem] = int(told.to_numpy().sum())
    return found


def main() -> None:
    logging.disable(logging.WARNING)
    folder = Path(sys.argv[1])
    trials = sorted(path for path in folder.iterdir() if path.is_dir())
    (folder / "alerts.json").write_text(
        json.dumps({trial.name: alerts(trial) for trial in trials}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
