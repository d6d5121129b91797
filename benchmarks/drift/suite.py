"""A million rows of 35 columns counted and judged by kaizen, and reported by Evidently.

Ours in every round, Evidently once: it takes minutes. How is said in ``scanned.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.drift import scanned
from benchmarks.drift.scanned import Figures
from benchmarks.results import Result

CASE = "drift"
ROWS = 1_000_000
QUICK = 100_000
GOAL = 0.01
"""Of Evidently's CPU seconds."""


def run(rounds: int, rows: int, work: Path, say: Callable[[str], None]) -> list[Result]:
    """Measure both on the same file."""
    work.mkdir(parents=True, exist_ok=True)
    path = scanned.table(work / "window.parquet", rows)
    ours = []
    for number in range(1, rounds + 1):
        ours.append(scanned.alone(scanned.ours, path))
        say(f"{CASE:<16} {number}/{rounds} kaizen     {ours[-1]['rows per s']:,.0f} rows/s")
    theirs = scanned.alone(scanned.evidently, path)
    say(f"{CASE:<16} evidently  {theirs['s']:.1f} CPU s")
    path.unlink()
    return compared(ours, theirs)


def compared(ours: list[Figures], theirs: Figures) -> list[Result]:
    """CPU of the scan, of scan and verdict, and the whole process's memory, beside Evidently's."""
    scan = [one["scan s"] for one in ours]
    whole = [one["scan s"] + one["check s"] for one in ours]
    size = f"{ours[0]['rows']:,.0f} rows"
    return [
        _result(f"{size}, counted", "CPU s", scan, theirs["s"], GOAL),
        _result(f"{size}, counted and judged", "CPU s", whole, theirs["s"], GOAL),
        _result(f"{size}, peak memory", "MB", [one["peak MB"] for one in ours], theirs["peak MB"]),
    ]


def _result(
    label: str, unit: str, ours: list[float], theirs: float, goal: float | None = None
) -> Result:
    ratio = median(ours) / theirs
    return Result(
        CASE,
        f"{CASE}: {label}",
        median(ours),
        theirs,
        "evidently",
        ratio,
        unit,
        {"ours": [round(value, 3) for value in ours], "peer": [round(theirs, 3)]},
        goal,
        met=None if goal is None else ratio <= goal,
    )
