"""How often labelled performance alarms while nothing has changed, and when answers are worse.

    python -m benchmarks.drift.performance [--trials 2000] [--jobs 2]

Each trial draws a new baseline and a new window. Rows are exchangeable and know no features here:
what is tried is the arithmetic, at small sizes, heavy tails and rare classes.
"""

from __future__ import annotations

import argparse
import os
import zlib
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context

import numpy as np

from benchmarks.drift.table import exact
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.usecase import Array
from kaizen.evaluation import scores
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.labelled import measure

Rows = Callable[[np.random.Generator, int, bool], tuple[Array, Array]]
"""Random numbers, how many rows, whether answers are worse: truth and answers."""


def _flipped(
    random: np.random.Generator, rows: int, worse: bool, rare: float, wrong: tuple[float, float]
) -> tuple[Array, Array]:
    truth = (random.random(rows) < rare).astype(int)
    return truth, np.where(random.random(rows) < wrong[worse], 1 - truth, truth)


def _detected(random: np.random.Generator, rows: int, worse: bool) -> tuple[Array, Array]:
    """One row in twenty is positive; 7 of 10 of them are found, or 4 of 10."""
    truth = (random.random(rows) < 0.05).astype(int)
    found = random.random(rows) < (0.4 if worse else 0.7)
    return truth, np.where(truth == 1, found, random.random(rows) < 0.01).astype(int)


def _tailed(random: np.random.Generator, rows: int, worse: bool) -> tuple[Array, Array]:
    """Errors of Student's t with three degrees of freedom: their squares have no variance."""
    truth = random.normal(150, 77, rows)
    return truth, truth + (1.4 if worse else 1.0) * 30 * random.standard_t(3, rows)


WORLDS: dict[str, tuple[str, Rows]] = {
    "accuracy": ("accuracy", partial(_flipped, rare=0.2, wrong=(0.14, 0.24))),
    "balanced_accuracy": ("balanced_accuracy", partial(_flipped, rare=0.2, wrong=(0.14, 0.24))),
    "f1, 5 % positive": ("f1", _detected),
    "mse, tails of t3": ("mse", _tailed),
    "r2, tails of t3": ("r2", _tailed),
}
BASELINES, LABELS = (90, 440, 2000), (50, 100, 500)

Setting = tuple[str, int, int]


def trial(setting: Setting, number: int, worse: bool) -> str:
    """What one window is found to be: ``worse``, ``calm`` or ``unknown``."""
    world, held, labels = setting
    metric, rows = WORLDS[world]
    random = np.random.default_rng([zlib.crc32(repr(setting).encode()), number])
    positive = 1 if metric == "f1" else None
    task = "regression" if metric in scores.REGRESSION else "classification"
    truth, answers = rows(random, held, False)
    baseline = Baseline(
        truth=truth,
        answers=answers,
        probabilities=None,
        labels=() if task == "regression" else (0, 1),
        positive=positive,
        task=task,  # type: ignore[arg-type]
        metric=metric,
        direction=scores.better(metric, task),  # type: ignore[arg-type]
    )
    found = measure(baseline, *rows(random, labels, worse), MonitoringRule(), seed=number)
    return "unknown" if found.state == "unknown" else "worse" if found.worse else "calm"


def one(setting: Setting, trials: int) -> str:
    """One line of the table."""
    calm = [trial(setting, at, False) for at in range(trials)]
    bad = [trial(setting, at, True) for at in range(trials, trials + trials // 10)]
    told = len(calm) - calm.count("unknown")
    rate = exact(calm.count("worse"), max(told, 1))
    power = bad.count("worse") / max(len(bad) - bad.count("unknown"), 1)
    world, held, labels = setting
    return (
        f"| {world} | {held} | {labels} | {100 * rate['rate']:.2f} ({100 * rate['low']:.2f} to "
        f"{100 * rate['high']:.2f}) of {told:,} | {100 * power:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="*", default=list(WORLDS), help="worlds by name")
    asked = parser.parse_args()
    settings = [
        (world, held, rows) for world in asked.only for held in BASELINES for rows in LABELS
    ]
    print("| world | baseline | labels | false alarms, % (95 %) | seen when worse, % |")
    print("| --- | --- | --- | --- | --- |")
    with get_context("spawn").Pool(asked.jobs) as pool:
        for line in pool.imap(partial(one, trials=asked.trials), settings):
            print(line, flush=True)


if __name__ == "__main__":
    main()
