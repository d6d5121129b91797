"""Which alarms five scenarios raise: each should raise its own, and nothing else.

    python -m benchmarks.drift.causes [--trials 200] [--jobs 2] [--only churn] [--out FOLDER]
    python -m benchmarks.drift.causes --table

Each trial draws a new reference, baseline and windows, all labelled. Trials that are there are not
run again.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import zlib
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drift.prove import done
from benchmarks.drift.table import exact
from benchmarks.drift.worlds import EXPECTED, SCENARIOS, WORLDS, Seen
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.performance import estimate, labelled, support
from kaizen.monitoring.windows.diagnosis import diagnose_window

OUTPUT = Path(__file__).resolve().parent / "causes"
CLEAN = 5
"""Windows of nothing per trial."""

DRAWS = 1_999


def trial(task: tuple[str, int]) -> tuple[str, dict[str, Any]]:
    """The alarms of each scenario in one world."""
    name, number = task
    world, started = WORLDS[name], time.perf_counter()
    random = np.random.default_rng([zlib.crc32(name.encode()), number])
    draw = world.draw(random)
    held, judged, rows = world.rows
    profile = Profile.fit(draw(held, "").table, **world.fit, window=rows, seed=number, draws=DRAWS)
    baseline = draw(judged, "").baseline(world)
    found: dict[str, Any] = {"number": number}

    def alarms(seen: Seen) -> tuple[list[str], str]:
        verdict = profile.check(seen.table)
        known = support.support(verdict)
        guess = estimate.estimate(baseline, seen.answers, seen.probabilities, known, number)
        told = labelled.measure(baseline, seen.truth, seen.answers, MonitoringRule(), number)
        raised, why = diagnose_window(
            profile, baseline, seen.table, verdict, told, guess, world.answers
        )
        return list(raised), why

    for scenario in SCENARIOS:
        times = CLEAN if scenario == "nothing" else 1
        outcomes = [alarms(draw(rows, scenario)) for _ in range(times)]
        found[scenario] = [raised for raised, _ in outcomes]
        found[f"why {scenario}"] = [
            why for raised, why in outcomes if tuple(raised) != EXPECTED[scenario]
        ]
    return name, {**found, "seconds": round(time.perf_counter() - started, 1)}


def table(folder: Path) -> None:
    """The confusion of scenarios and alarms, with exact intervals of the first."""
    print(
        "| world | scenario | only its own, % (95 %) | other outcomes |\n| --- | --- | --- | --- |"
    )
    for name in WORLDS:
        trials = list(done(folder / f"{name}.jsonl").values())
        for scenario in SCENARIOS if trials else ():
            raised = Counter(tuple(one) for found in trials for one in found[scenario])
            of = sum(raised.values())
            rate = exact(raised.pop(EXPECTED[scenario], 0), of)
            low, high = (100 * rate[end] for end in ("low", "high"))
            others = ", ".join(f"{' and '.join(a) or 'none'} {n}" for a, n in raised.items())
            own = f"{100 * rate['rate']:.1f} ({low:.1f} to {high:.1f}) of {of:,}"
            print(f"| {name} | {scenario} | {own} | {others} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="*", default=list(WORLDS))
    parser.add_argument("--out", type=Path, default=OUTPUT)
    parser.add_argument("--table", action="store_true", help="say what the trials found")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if not asked.table:
        todo = [
            (name, at)
            for at in range(asked.trials)
            for name in asked.only
            if at not in done(asked.out / f"{name}.jsonl")
        ]
        with get_context("spawn").Pool(asked.jobs) as pool:
            for name, found in pool.imap_unordered(trial, todo):
                with (asked.out / f"{name}.jsonl").open("a") as file:
                    file.write("\n" + json.dumps(found))
    table(asked.out)


if __name__ == "__main__":
    main()
