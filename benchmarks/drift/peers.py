"""The same windows judged by kaizen and by others, with their defaults.

    python -m benchmarks.drift.peers [--trials 100] [--jobs 2] [--out FILE]

Trials that are there (``trials-peers/``) are not run again.

Evidently is that of the project's own environment; its two verdicts are counted apart: that any
column drifted, and that half of them did, which is what its preset calls drift of the data set.
NannyML has an environment of its own, made at the first run; a window is one of its chunks, and an
alert of any column is its verdict. Holm's correction of exact KS tests is what many write by hand.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp

from benchmarks import environments
from benchmarks.drift.patients import CHANGES, patients
from benchmarks.drift.prove import done, path
from benchmarks.drift.table import exact
from benchmarks.drift.trials import TABLES
from kaizen.core.paths import home
from kaizen.monitoring.drift.profile import Profile

OUTPUT = Path(__file__).resolve().parent / "peers.json"
TRIALS = OUTPUT.parent / "trials-peers"
LEVEL = 0.01
ASKED = ("442/100", "2000/100", "2000/500")
CLEAN = "no drift"
SHOWN = (CLEAN, "any column + 0.25 sd", "all correlations broken", "5 % of bmi zero")
NANNYML = "NannyML, any column"
JUDGES = ("kaizen", "Holm-KS", NANNYML, "Evidently, any column", "Evidently, half of columns")

Task = tuple[str, int]
Verdicts = dict[str, dict[str, bool]]


def drawn(name: str, number: int) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """A reference, and windows without drift and with."""
    random, setting = np.random.default_rng([99, number]), TABLES[name]
    reference = patients(random, setting.reference)
    windows = {CLEAN: patients(random, setting.window)}
    for change in SHOWN[1:]:
        windows[change] = CHANGES[change](random, patients(random, setting.window))
    return reference, windows


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


def judged(task: Task) -> tuple[Task, Verdicts]:
    """Each judge's word on each window; NannyML's is asked for later, of files."""
    name, number = task
    reference, windows = drawn(name, number)
    setting = TABLES[name]
    profile = Profile.fit(reference, categorical=["sex"], window=setting.window, seed=number)
    found: Verdicts = {}
    for what, window in windows.items():
        some, half = evidently(reference, window)
        found[what] = {
            "kaizen": profile.check(window).drifted,
            "Holm-KS": holm(reference, window),
            "Evidently, any column": some,
            "Evidently, half of columns": half,
        }
    return task, found


def _trial(name: str, number: int) -> str:
    return f"{name.replace('/', '-')}-{number}"


def _files(folder: Path, task: Task) -> None:
    reference, windows = drawn(*task)
    folder.mkdir()
    for at, what in enumerate(SHOWN):
        windows[what].to_parquet(folder / f"{at}.parquet")
    reference.to_parquet(folder / "reference.parquet")


def nannyml(tasks: list[Task], folder: Path) -> dict[str, dict[str, bool]]:
    """NannyML's word on every file, by trial and window; nothing where it cannot be installed."""
    try:
        state = home().root / "benchmarks" / "peers"
        state.mkdir(parents=True, exist_ok=True)
        python = environments.python("nannyml", state)
    except environments.Missing as reason:
        print(f"NannyML is left out: {reason}", flush=True)
        return {}
    for task in tasks:
        _files(folder / _trial(*task), task)
    script = Path(environments.__file__).parent / "peers" / "nannyml_drift.py"
    subprocess.run([str(python), str(script), str(folder)], check=True)
    told = json.loads((folder / "alerts.json").read_text("utf-8"))
    return {
        trial: {SHOWN[int(at)]: count > 0 for at, count in alerts.items()}
        for trial, alerts in told.items()
    }


def rates(trials: list[Verdicts]) -> dict[str, dict[str, Any]]:
    """Per window and judge, the share that alarmed and its exact interval."""
    judges = [judge for judge in JUDGES if judge in trials[0][CLEAN]]
    return {
        what: {
            judge: exact(sum(trial[what][judge] for trial in trials), len(trials))
            for judge in judges
        }
        for what in SHOWN
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="+", default=list(ASKED), choices=ASKED)
    parser.add_argument("--out", type=Path, default=OUTPUT)
    parser.add_argument("--folder", type=Path, default=TRIALS)
    asked = parser.parse_args()
    started = time.monotonic()
    tasks = [(name, number) for number in range(asked.trials) for name in asked.only]
    asked.folder.mkdir(parents=True, exist_ok=True)
    files = {name: path(asked.folder, "peers", name) for name in asked.only}
    found = {
        (name, number): trial["found"]
        for name in asked.only
        for number, trial in done(files[name]).items()
        if number < asked.trials
    }
    with get_context("spawn").Pool(asked.jobs) as pool:
        for task, verdicts in pool.imap_unordered(judged, [t for t in tasks if t not in found]):
            found[task] = verdicts
            with files[task[0]].open("a") as file:
                file.write("\n" + json.dumps({"number": task[1], "found": verdicts}))
    with tempfile.TemporaryDirectory() as work:
        theirs = nannyml(tasks, Path(work))
    for task, verdicts in found.items():
        for what, alarmed in theirs.get(_trial(*task), {}).items():
            verdicts[what][NANNYML] = alarmed
    results = {
        name: rates([one for task, one in found.items() if task[0] == name]) for name in asked.only
    }
    for name, rows in results.items():
        print(f"\n| {name}, {asked.trials} windows | " + " | ".join(rows[CLEAN]) + " |")
        print("| --- " * (1 + len(rows[CLEAN])) + "|")
        for what, judges in rows.items():
            shown = " | ".join(f"{100 * rate['rate']:.0f} %" for rate in judges.values())
            print(f"| {what} | {shown} |")
    print(f"\n{time.monotonic() - started:.0f} s")
    asked.out.write_text(
        json.dumps({"trials": asked.trials, "rates": results}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
