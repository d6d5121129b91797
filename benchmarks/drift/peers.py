"""The same windows judged by others: Evidently's defaults, and Holm's correction of exact KS tests.

    python -m benchmarks.drift.peers [--trials 20] [--out FILE]

Evidently is that of the project's own environment. Its two verdicts are counted apart: that any
column drifted, and that half of them did, which is what its preset calls drift of the data set.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp

from benchmarks.drift.patients import CHANGES, patients
from benchmarks.drift.trials import TABLES
from monitoring.drift.profile import Profile

os.environ.setdefault("DO_NOT_TRACK", "1")

LEVEL = 0.01
ASKED = ("2000/100", "2000/500", "442/100")
SHOWN = ("any column + 0.25 sd", "all correlations broken", "5 % of bmi zero")


def holm(reference: pd.DataFrame, window: pd.DataFrame) -> bool:
    """Whether any column differs at ``LEVEL``: KS, and χ² for sex; Holm's first step decides."""
    p = [ks_2samp(reference[name], window[name]).pvalue for name in window if name != "sex"]
    counts = [
        side["sex"].value_counts().reindex([1.0, 2.0]).fillna(0) for side in (reference, window)
    ]
    p.append(chi2_contingency(np.array(counts) + 1e-9).pvalue)
    return bool(min(p) <= LEVEL / len(p))


def evidently(reference: pd.DataFrame, window: pd.DataFrame) -> tuple[bool, bool]:
    """Whether any column drifted, and whether half of them did."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    numbers = [name for name in window if name != "sex"]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=["sex"])
    sides = [
        Dataset.from_pandas(side.astype({"sex": str}), data_definition=definition)
        for side in (window, reference)
    ]
    found = Report([DataDriftPreset()]).run(*sides).dict()
    count = next(
        metric["value"]
        for metric in found["metrics"]
        if "DriftedColumnsCount" in metric["metric_name"]
    )
    return count["count"] >= 1, count["share"] >= 0.5


def judged(name: str, number: int) -> dict[str, dict[str, bool]]:
    """Each judge's word on one window without drift and on some with."""
    random, setting = np.random.default_rng([99, number]), TABLES[name]
    reference = patients(random, setting.reference)
    profile = Profile.fit(reference, categorical=["sex"], window=setting.window, seed=number)
    windows = {"no drift": patients(random, setting.window)}
    for change in SHOWN:
        windows[change] = CHANGES[change](random, patients(random, setting.window))
    found: dict[str, dict[str, bool]] = {}
    for what, window in windows.items():
        some, half = evidently(reference, window)
        found[what] = {
            "kaizen": profile.check(window).drifted,
            "Holm-KS": holm(reference, window),
            "Evidently, any column": some,
            "Evidently, half of columns": half,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    results: dict[str, Any] = {}
    for name in ASKED:
        started = time.process_time()
        trials = [judged(name, number) for number in range(asked.trials)]
        print(f"| {name}, {asked.trials} windows | " + " | ".join(trials[0]["no drift"]) + " |")
        for what in trials[0]:
            rates = {
                judge: float(np.mean([trial[what][judge] for trial in trials]))
                for judge in trials[0][what]
            }
            results[f"{name} {what}"] = rates
            print(
                f"| {what} | " + " | ".join(f"{100 * rate:.0f} %" for rate in rates.values()) + " |"
            )
        print(f"({time.process_time() - started:.0f} CPU s)", flush=True)
    if asked.out:
        asked.out.write_text(
            json.dumps({"trials": asked.trials, "rates": results}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
