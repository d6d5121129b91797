"""Pictures of what was measured, for the documentation.

    python -m benchmarks.drift.plots [--folder benchmarks/drift] [--out docs]

Draws what is there of ``results.json`` (``table``), ``peers.json`` (``peers``) and ``speed.json``
(``speed --out``), and says what is missing. The same figures give the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
STYLE = {
    "svg.hashsalt": "kaizen",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
}
GOAL = 0.01
ALL = "false alarms, all windows"
Results = Mapping[str, Any]


def false_alarms(axes: Axes, results: Results, peers: Results) -> bool:
    """Share of windows without drift that alarm, with 95 % intervals, per setting and judge."""
    found: dict[str, dict[str, Any]] = {}
    for name, setting in results.items():
        if ALL in setting:
            found.setdefault("kaizen", {})[name.removeprefix("table ")] = setting[ALL]
    for name, rows in peers.get("rates", {}).items():
        for judge, rate in rows["no drift"].items():
            if judge != "kaizen" or name not in found.get("kaizen", {}):
                found.setdefault(judge, {})[name] = rate
    names = sorted({name for rates in found.values() for name in rates}, key=_sizes)
    for at, (judge, rates) in enumerate(found.items()):
        places = [names.index(name) + 0.13 * (at - len(found) / 2) for name in rates]
        share = np.array([100 * rate["rate"] for rate in rates.values()])
        low = np.array([100 * rate["low"] for rate in rates.values()])
        high = np.array([100 * rate["high"] for rate in rates.values()])
        ends = np.clip([share - low, high - share], 0, None)
        axes.errorbar(places, share, ends, fmt="o", ms=4, capsize=2, label=judge)
    axes.axhline(100 * GOAL, color="grey", lw=0.8, ls="--")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(-0.1, 130)
    axes.set_yticks([0, 0.5, 1, 10, 100], ["0", "0.5", "1", "10", "100"])
    axes.set_xticks(range(len(names)), names, rotation=20)
    axes.set_xlabel("rows of reference / window")
    axes.set_ylabel("false alarms, % of windows")
    return bool(found)


def power(axes: Axes, results: Results, _: Results) -> bool:
    """Share of windows seen to have drifted, against the shift of one column of eleven."""
    found = {name: setting["power"] for name, setting in results.items() if "power" in setting}
    for name, rates in found.items():
        shifts = [float(shift) for shift in rates]
        axes.plot(shifts, [100 * rate["rate"] for rate in rates.values()], "o-", ms=4,
                  label=name.removeprefix("power "))  # fmt: skip
        axes.fill_between(
            shifts,
            [100 * rate["low"] for rate in rates.values()],
            [100 * rate["high"] for rate in rates.values()],
            alpha=0.15,
        )
    axes.set_ylim(0, 102)
    axes.set_xlabel("shift of one of eleven columns, standard deviations")
    axes.set_ylabel("windows that alarm, %")
    return bool(found)


def delay(axes: Axes, results: Results, _: Results) -> bool:
    """Windows, or images, until a stream alarms: median and ninth decile."""
    found = {name: setting["delay"] for name, setting in results.items() if "delay" in setting}
    names = list(found)
    for key, marker in (("median", "o"), ("p90", "^")):
        shown = [(at, found[name][key]) for at, name in enumerate(names) if found[name][key]]
        axes.plot([at for at, _ in shown], [value for _, value in shown], marker, label=key)
    axes.set_xticks(range(len(names)), names, rotation=20)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("windows, or images, until the alarm")
    return bool(found)


def speed(axes: Axes, results: Results, _: Results) -> bool:
    """CPU seconds against rows of 35 columns."""
    found = results.get("counted", [])
    for name, keys in (("kaizen", ("scan s", "check s")), ("Evidently", ("s",))):
        rows = [one[name]["rows"] for one in found]
        axes.plot(rows, [sum(one[name][key] for key in keys) for one in found], "o-", label=name)
    if found:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set_xlabel("rows of 35 columns")
    axes.set_ylabel("CPU seconds")
    return bool(found)


PLOTS: dict[str, tuple[Callable[[Axes, Results, Results], bool], str]] = {
    "drift-false-alarms": (false_alarms, "results.json"),
    "drift-power": (power, "results.json"),
    "drift-delay": (delay, "results.json"),
    "drift-speed": (speed, "speed.json"),
}


def _sizes(name: str) -> tuple[int, ...]:
    digits = "".join(each if each.isdigit() else " " for each in name).split()
    return tuple(map(int, digits))


def draw(folder: Path, out: Path) -> dict[str, Path | None]:
    """Write each picture that there are figures for; None for the others."""
    out.mkdir(parents=True, exist_ok=True)
    peers = _read(folder / "peers.json")
    found: dict[str, Path | None] = {}
    for name, (plot, source) in PLOTS.items():
        with mpl.rc_context(STYLE):
            figure, axes = plt.subplots(figsize=(5.2, 3.1), layout="constrained")
            found[name] = None
            if plot(axes, _read(folder / source), peers):
                axes.legend(fontsize=8)
                found[name] = out / f"{name}.svg"
                figure.savefig(out / f"{name}.svg", metadata={"Date": None, "Creator": None})
            plt.close(figure)
    return found


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--out", type=Path, default=DOCS)
    asked = parser.parse_args()
    for name, path in draw(asked.folder, asked.out).items():
        print(f"{name}: {path or 'no figures yet'}")


if __name__ == "__main__":
    main()
