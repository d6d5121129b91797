"""How far off the estimate without labels is, where the model has learnt and where it has not.

    python -m benchmarks.drift.estimated [--trials 100] [--jobs 2]

The model has learnt from customers under 45. Windows are of such customers; of such, but with more
from Germany; and half of customers over 55, who leave by a law that the model has never seen.
"""

from __future__ import annotations

import argparse
import os
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.drift.worlds import WORLDS, Seen, bank_model, bank_seen, taken
from kaizen.evaluation import scores
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.performance import estimate, support
from usecases.churn.generate import customers

KINDS = ("as before", "more from Germany", "half over 55")
ROWS, WINDOW = 2_000, 500

Found = dict[str, tuple[float, float, bool, bool]]
"""By kind of window: estimate, truth, whether the interval holds it, whether it would be shown."""


@lru_cache(maxsize=1)
def _world() -> tuple[pd.DataFrame, pd.DataFrame, Any]:
    known = customers(20_000, seed=1)
    pool = customers(60_000, seed=2)
    young = pool["Age"] < 45
    model = bank_model(known[known["Age"] < 45].head(8_000))
    return pool[young], pool[pool["Age"] > 55], model


def trial(number: int) -> Found:
    young, old, model = _world()
    random = np.random.default_rng([5, number])

    def seen(rows: pd.DataFrame) -> Seen:
        return bank_seen(rows, rows["Exited"].to_numpy(), model)

    def some(pool: pd.DataFrame, count: int, german: float = 1.0) -> pd.DataFrame:
        weights = np.where(pool["Geography"] == "Germany", german, 1.0)
        return taken(random, pool, count, weights)

    world = WORLDS["churn"]
    profile = Profile.fit(
        seen(some(young, ROWS)).table, **world.fit, window=WINDOW, seed=number, draws=1_999
    )
    baseline = seen(some(young, ROWS)).baseline(world)
    windows = {
        "as before": some(young, WINDOW),
        "more from Germany": some(young, WINDOW, 4.0),
        "half over 55": pd.concat([some(young, WINDOW // 2), some(old, WINDOW // 2)]),
    }
    found: Found = {}
    for kind, rows in windows.items():
        asked = seen(rows.reset_index(drop=True))
        guess = estimate.estimate(
            baseline, asked.answers, asked.probabilities, (True, ""), seed=number
        )
        truth = scores.score(baseline.metric)(asked.truth, asked.answers)
        low, value, high = (float(part or 0) for part in (guess.low, guess.value, guess.high))
        shown = support.support(profile.check(asked.table))[0]
        found[kind] = value, truth, low <= truth <= high, shown
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    with get_context("spawn").Pool(asked.jobs) as pool:
        trials = list(pool.imap_unordered(trial, range(asked.trials)))
    print("| window | accuracy | estimated | mean error | interval holds | shown |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind in KINDS:
        value, truth, held, shown = np.array([found[kind] for found in trials], float).T
        print(
            f"| {kind} | {truth.mean():.3f} | {value.mean():.3f} | "
            f"{np.abs(value - truth).mean():.3f} | {held.mean():.0%} | {shown.mean():.0%} |"
        )


if __name__ == "__main__":
    main()
