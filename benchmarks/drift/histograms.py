"""How often checks of large histograms alarm without drift.

    python -m benchmarks.drift.histograms [--trials 500] [--jobs 2] [--only NAME ...]
                                          [--out FOLDER]

Each trial draws a fresh reference and one window, counts it by DuckDB, and checks the counts. Two
worlds: patients, and orders, which have what counts are bad at: hundreds of categories by Zipf's
law, columns of which one row in a thousand is not zero, heavy tails, and a column that is there
twice. Trials go to FOLDER a line each; those that are there are not run again.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.drift.patients import DEVIATIONS, patients
from benchmarks.drift.prove import done
from benchmarks.drift.table import exact
from kaizen.events.scan import connect
from kaizen.monitoring.drift import fitting, quality, reference
from kaizen.monitoring.drift.profile import LEVEL, Profile
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.drift.scan import histogram
from kaizen.monitoring.drift.window_values import Shape

OUTPUT = Path(__file__).resolve().parent / "trials-histograms"
DRAWS = 1_499
_PRODUCTS = np.array([f"p{at:03}" for at in range(600)])
_SHARES = 1 / np.arange(1, 601) ** 1.2
_SHARES /= _SHARES.sum()


def orders(random: np.random.Generator, rows: int) -> pd.DataFrame:
    """``rows`` orders of a shop."""
    amount = random.lognormal(3, 1.5, rows)
    return pd.DataFrame(
        {
            "product": random.choice(_PRODUCTS, rows, p=_SHARES),
            "coupon": random.choice(["none", "ten", "half"], rows, p=[0.9985, 0.001, 0.0005]),
            "amount": amount,
            "again": amount,
            "count": random.geometric(0.5, rows),
            "gift": np.where(random.random(rows) < 0.001, random.exponential(20, rows), 0.0),
            "refund": np.where(random.random(rows) < 0.002, 1.0, 0.0),
            "age": np.where(random.random(rows) < 0.002, np.nan, random.normal(40, 12, rows)),
        }
    )


class Setting(NamedTuple):
    """A world, and rows of its reference and its window."""

    world: Callable[[np.random.Generator, int], pd.DataFrame]
    classes: tuple[str, ...]
    moved: tuple[str, float]
    reference: int
    window: int


_SIZES = ((2_000, 10_000), (2_000, 100_000), (10_000, 10_000), (10_000, 100_000))
SETTINGS = {
    f"{name} {reference}/{window}": Setting(world, classes, moved, reference, window)
    for name, world, classes, moved in (
        ("patients", patients, ("sex",), ("s5", 0.1 * float(DEVIATIONS["s5"]))),
        ("orders", orders, (), ("age", 1.2)),
    )
    for reference, window in _SIZES
}


def trial(task: tuple[str, int]) -> tuple[str, dict[str, Any]]:
    """A window without drift, and the same with one column a tenth of its deviation higher."""
    name, number = task
    setting = SETTINGS[name]
    random = np.random.default_rng([zlib.crc32(name.encode()), number])
    profile = _profile(setting.world(random, setting.reference), setting.classes, random)
    rows = setting.world(random, setting.window)
    started = time.process_time()
    verdict = _checked(profile, rows)
    spent = time.process_time() - started
    found: bool | None = None
    if number % 5 == 0:
        column, by = setting.moved
        found = _checked(profile, rows.assign(**{column: rows[column] + by})).drifted
    return name, {
        "number": number,
        "alarm": verdict.drifted,
        "p": verdict.p_value,
        "tests": {test.name: test.p for test in verdict.tests},
        "found": found,
        "seconds": round(spent, 3),
    }


def _profile(rows: pd.DataFrame, classes: tuple[str, ...], random: np.random.Generator) -> Profile:
    """As :meth:`Profile.fit` makes it, without the draws, which larger windows do not use."""
    forms = fitting.forms_of(rows, (), classes, None)
    numbers = {
        name: quality.numbers(rows[name])
        for name, form in forms.items()
        if form == "number" and name not in classes
    }
    categories = {name: quality.keys(rows[name]) for name in forms if name not in numbers}
    fitting.usable(numbers, categories)
    built = reference.build(numbers, categories, {}, np.empty((0, 0), np.float32), random)
    shape = Shape(forms, (), False, 0, 10, int(random.integers(2**31)), DRAWS, LEVEL, "")
    return Profile(shape, built)


def _checked(profile: Profile, rows: pd.DataFrame) -> DriftResult:
    with connect() as connection:
        connection.execute("SET threads = 1")
        return profile.check_histogram(histogram(profile, connection.from_df(rows)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUTPUT)
    parser.add_argument("--only", nargs="*", default=list(SETTINGS), choices=list(SETTINGS))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    files = {
        name: asked.out / f"{name.replace(' ', '-').replace('/', '-')}.jsonl" for name in SETTINGS
    }
    known = {name: done(file) for name, file in files.items()}
    todo = [
        (name, at) for at in range(asked.trials) for name in asked.only if at not in known[name]
    ]  # fmt: skip
    with get_context("spawn").Pool(asked.jobs) as pool:
        for name, found in pool.imap_unordered(trial, todo):
            with files[name].open("a") as file:
                file.write("\n" + json.dumps(found))
    results = {}
    print("| setting | false alarms (exact 95 %; bound) | p ≤ 0.05 | 0.1 sd found |")
    print("| --- | --- | --- | --- |")
    for name, file in files.items():
        trials = list(done(file).values())
        if not trials:
            continue
        results[name] = rate = exact(sum(one["alarm"] for one in trials), len(trials))
        below = np.mean([one["p"] <= 0.05 for one in trials])
        found = np.mean([one["found"] for one in trials if one["found"] is not None])
        shown = {key: 100 * rate[key] for key in ("rate", "low", "high", "bound")}
        print(
            "| {} | {rate:.2f} % ({low:.2f} to {high:.2f}; {bound:.2f}), {} of {} | "
            "{:.1f} % | {:.0f} % |".format(
                name, rate["hits"], rate["of"], 100 * below, 100 * found, **shown
            )
        )
        results[name] |= {"p <= 0.05": below, "0.1 sd found": found}
    (asked.out.parent / "histograms.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
