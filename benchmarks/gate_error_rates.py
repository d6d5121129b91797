"""How often the gate errs: challengers of known quality, judged many times.

A false promotion is a promotion of a challenger that is truly worse by the tolerance. The rule
accepts a risk of 5 %; asking for a gain on top makes it rarer. Beside it stands how often truly
better challengers pass, which is the price of the caution.

    python -m benchmarks.gate_error_rates [--trials 200] [--rows 89 500] [--resamples 1000]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy.stats import binomtest

from kaizen.core.settings import GateRule
from kaizen.core.usecase import Array
from kaizen.evaluation import gate

Contest = Callable[[np.random.Generator, int, float], tuple[Array, Array, Array]]
"""Random numbers, rows and true gain to truth, challenger's and champion's answers."""

CORRELATION = 0.7
"""Of the two models' errors: they learnt from the same data."""

ACCURACY = 0.9
"""Of the champion."""


def regression(random: np.random.Generator, rows: int, gain: float) -> tuple[Array, Array, Array]:
    """Normal errors; the challenger's mean squared error is truly better by ``gain``."""
    shape = [[1, CORRELATION], [CORRELATION, 1]]
    challenger, champion = random.multivariate_normal([0, 0], shape, size=rows).T
    return np.zeros(rows), challenger * np.sqrt(1 - gain), champion


def classification(
    random: np.random.Generator, rows: int, gain: float
) -> tuple[Array, Array, Array]:
    """Right or wrong; the challenger's accuracy is truly better by ``gain``."""
    easy = random.random(rows) < CORRELATION
    shared = random.random(rows)
    challenger, champion = (
        np.where(easy, shared, random.random(rows)) < share
        for share in (ACCURACY * (1 + gain), ACCURACY)
    )
    return np.ones(rows, bool), challenger, champion


CASES: list[tuple[GateRule, Contest]] = [
    (GateRule(metric="mse", direction="lower"), regression),
    (GateRule(metric="accuracy", direction="higher"), classification),
]


def promotions(
    rule: GateRule, draw: Contest, rows: int, gain: float, trials: int, seed: int
) -> int:
    """How many of ``trials`` challengers of true ``gain`` the gate promotes."""
    random = np.random.default_rng(seed)
    return sum(
        gate.decide(rule, *draw(random, rows, gain), seed=trial).promoted for trial in range(trials)
    )


def main() -> None:
    """Print a line per metric, number of held-out rows and true gain."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--trials", type=int, default=200, help="challengers per line")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, nargs="+", default=[89, 500])
    parser.add_argument("--resamples", type=int, default=1000, help="the product draws 2,000")
    chosen = parser.parse_args()
    begun = time.monotonic()
    print(f"{chosen.trials} challengers a line, seed {chosen.seed}; intervals are 95 %")
    print(f"{'metric':<10}{'rows':>6}{'true gain':>12}{'promoted':>10}   interval")
    for case, draw in CASES:
        rule = case.model_copy(update={"resamples": chosen.resamples})
        for rows in chosen.rows:
            for gain in (-rule.tolerance, 2 * rule.tolerance):
                promoted = promotions(rule, draw, rows, gain, chosen.trials, chosen.seed)
                test = binomtest(promoted, chosen.trials)
                low, high = test.proportion_ci(method="exact")
                share = f"{promoted / chosen.trials:.1%}"
                line = f"{rule.metric:<10}{rows:>6}{gain:>+12.0%}{share:>10}"
                print(f"{line}   {low:.1%} … {high:.1%}", flush=True)
    print(f"{time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
