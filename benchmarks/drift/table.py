"""What the trials say, as a table and as JSON.

    python -m benchmarks.drift.table [--out FOLDER] [--json FILE]

Windows of one reference are alike, so counts are given twice: over the first window of each
reference, which are independent, with Clopper and Pearson's exact interval; and over all windows,
with an interval from the spread between references.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from benchmarks.drift.prove import OUTPUT, done, path
from benchmarks.drift.trials import KINDS, Found

Rate = dict[str, Any]


def exact(hits: int, of: int) -> Rate:
    """A share and its exact interval: two-sided 95 %, and the one-sided bound of 95 %."""
    test = binomtest(hits, of)
    low, high = test.proportion_ci(0.95, "exact")
    bound = binomtest(hits, of, alternative="less").proportion_ci(0.95, "exact").high
    return {
        "rate": hits / of, "hits": hits, "of": of, "low": low, "high": high, "bound": bound
    }  # fmt: skip


def clustered(groups: list[list[bool]]) -> Rate:
    """A share over groups, and an interval from the spread between them."""
    shares = np.array([np.mean(group) for group in groups])
    rate = float(shares.mean())
    error = float(shares.std(ddof=1) / np.sqrt(len(shares))) if len(shares) > 1 else 1.0
    return {
        "rate": rate,
        "hits": sum(map(sum, groups)),
        "of": sum(map(len, groups)),
        "low": max(rate - 1.96 * error, 0),
        "high": rate + 1.96 * error,
        "bound": rate + 1.645 * error,
    }


def summary(trials: list[Found]) -> dict[str, Any]:
    """Rates over the trials of one setting."""
    found: dict[str, Any] = {
        "references": len(trials),
        "seconds": float(np.median([trial["seconds"] for trial in trials])),
    }
    if "alarms" in trials[0]:
        found["false alarms"] = exact(sum(trial["alarms"][0] for trial in trials), len(trials))
        found["false alarms, all windows"] = clustered([trial["alarms"] for trial in trials])
        found["changes"] = {
            change: exact(sum(trial["changes"][change] for trial in trials), len(trials))
            for change in trials[0]["changes"]
        }
    if "power" in trials[0]:
        found["power"] = {
            shift: exact(sum(trial["power"][shift] for trial in trials), len(trials))
            for shift in trials[0]["power"]
        }
    for counted, per, one in (("windows", "stream", "windows"), ("rows", "row_alarms", "rows")):
        if per in trials[0]:
            alarms = [trial[per] for trial in trials]
            rows = sum(trial[counted] for trial in trials)
            spread = np.std(alarms, ddof=1) * np.sqrt(len(alarms)) if len(alarms) > 1 else 0
            found[f"stream alarms per 1,000 {one}"] = 1000 * sum(alarms) / rows
            found[f"bound, {one}"] = 1000 * (sum(alarms) + 1.645 * float(spread)) / rows
            found[f"counted, {one}"] = rows
    if "p <= 0.006" in trials[0]:
        rows = sum(trial["windows"] for trial in trials)
        found["single alarms per 1,000"] = 1000 * sum(t["p <= 0.006"] for t in trials) / rows
    if "delay" in trials[0]:
        found["delay"] = _delay([trial["delay"] for trial in trials])
    if "delays" in trials[0]:
        found["delays"] = {
            source: _delay([trial["delays"][source] for trial in trials])
            for source in trials[0]["delays"]
        }
    return found


def _delay(delays: list[int | None]) -> dict[str, float | None]:
    """Median and p90; None where the alarm did not come."""
    known = np.array([np.inf if delay is None else delay for delay in delays])
    at = {"median": 0.5, "p90": 0.9}
    found = {name: float(np.quantile(known, q, method="higher")) for name, q in at.items()}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}


def lines(name: str, found: dict[str, Any]) -> list[str]:
    """One setting as rows of a table in Markdown."""
    both = ("false alarms", "false alarms, all windows")
    rows = [(what, _rate(found[what])) for what in both if what in found]
    rows += [(change, _rate(rate)) for change, rate in found.get("changes", {}).items()]
    rows += [(f"one column + {at} sd", _rate(rate)) for at, rate in found.get("power", {}).items()]
    for what in ("windows", "rows"):
        key = f"stream alarms per 1,000 {what}"
        if key in found:
            counted = f"of {found[f'counted, {what}']:,}; bound {found[f'bound, {what}']:.2f}"
            rows.append((key, f"{found[key]:.2f} ({counted})"))
    if "delay" in found:
        rows.append(("delay, median and p90", "{median} and {p90}".format(**found["delay"])))
    for source, delay in found.get("delays", {}).items():
        rows.append((f"{source}: rows, median and p90", "{median} and {p90}".format(**delay)))
    return [f"| {name} | {what} | {value} |" for what, value in rows]


def _rate(found: Rate) -> str:
    percent = {key: 100 * found[key] for key in ("rate", "low", "high", "bound")}
    text = "{rate:.2f} % ({low:.2f} to {high:.2f}; bound {bound:.2f})".format(**percent)
    return f"{text}, {found['hits']:,} of {found['of']:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=OUTPUT)
    parser.add_argument("--json", type=Path, default=OUTPUT.parent / "results.json")
    asked = parser.parse_args()
    folder: Path = asked.out
    results = {}
    print("| setting | what | found |\n| --- | --- | --- |")
    for kind, (_, names) in KINDS.items():
        for name in names:
            trials = list(done(path(folder, kind, name)).values())
            if trials:
                results[f"{kind} {name}"] = found = summary(trials)
                print("\n".join(lines(f"{kind} {name} ({found['references']})", found)))
    asked.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
