"""Samples to results: medians, ratios, goals, JSON and a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.cases import OURS, PLAIN, RAW, Case, Figure
from benchmarks.measure import Sample
from kaizen.core.errors import KaizenError

BEGIN, END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"
"""Between these the table stands in the documentation."""

Samples = dict[str, list[Sample]]
"""System to its runs of one case."""


@dataclass(frozen=True)
class Result:
    """Ours beside one other system: medians, their ratio (lower is better), every run."""

    case: str
    name: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    unit: str
    runs: dict[str, list[float]]
    goal: float | None = None
    limit: float | None = None
    met: bool | None = None

    def record(self) -> dict[str, object]:
        """As it stands in the results file."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}

    @staticmethod
    def of(record: dict[str, Any]) -> Result:
        """A line of the results file."""
        return Result(**record)


def results(case: Case, params: dict[str, Any], samples: Samples) -> list[Result]:
    """Every figure of the case, ours beside each other system that ran."""
    found = []
    for figure in case.figures:
        name = f"{case.name}: {figure.label}" if figure.label else case.name
        runs = {system: values(figure, params, ran) for system, ran in samples.items()}
        if figure.over_plain:
            base = median(runs.pop(PLAIN))
            runs = {system: [value - base for value in ran] for system, ran in runs.items()}
        ours = runs.pop(OURS)
        for peer, ran in runs.items():
            found.append(_compared(case.name, name, figure, peer, ours, ran))
    return found


def values(figure: Figure, params: dict[str, Any], ran: Sequence[Sample]) -> list[float]:
    """The figure of every run, in the figure's unit."""
    share = 1.0
    if figure.per is not None:
        share = 1000.0 / params[figure.per]
    return [sample.figures[figure.key] * share for sample in ran]


def _compared(
    case: str, name: str, figure: Figure, peer: str, ours: list[float], ran: list[float]
) -> Result:
    left, right = median(ours), median(ran)
    ratio = left / right if right > 0 else float("inf")
    goal = {RAW: figure.goal, PLAIN: figure.plain_goal}.get(peer)
    limit = figure.limit if peer == RAW else None
    met = None
    if goal is not None:
        met = ratio <= goal and (limit is None or left <= limit)
    runs = {"ours": [round(v, 3) for v in ours], "peer": [round(v, 3) for v in ran]}
    return Result(case, name, left, right, peer, ratio, figure.unit, runs, goal, limit, met)


def spread(runs: Sequence[float]) -> str:
    """Smallest and largest of several runs."""
    return f"{min(runs):,.2f} – {max(runs):,.2f}" if len(runs) > 1 else ""


def table(found: Sequence[Result]) -> str:
    """The results as Markdown: one line per figure and other system."""
    lines = [
        "| measurement | unit | kaizen | (spread) | beside | figure | (spread) | ratio | goal |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | --- |",
    ]
    for result in found:
        goal = ""
        if result.goal is not None:
            goal = f"{wanted(result)}: {'met' if result.met else '**missed**'}"
        lines.append(
            f"| {result.name} | {result.unit} | {result.ours:,.2f} | {spread(result.runs['ours'])} "
            f"| {result.peer_name} | {result.peer:,.2f} | {spread(result.runs['peer'])} "
            f"| {result.ratio:.2f} | {goal} |"
        )
    return "\n".join(lines)


def into(page: str, text: str) -> str:
    """``page`` with what stands between its two marks replaced by ``text``."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise KaizenError(f"the page lacks {BEGIN} … {END}, between which the table stands")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def wanted(result: Result) -> str:
    """The goal in words."""
    limit = "" if result.limit is None else f" and {result.limit:g} {result.unit}"
    return f"≤ {result.goal:g}{limit}"


def goals(found: Sequence[Result]) -> list[str]:
    """A line for every goal: met, or missed and by how much."""
    return [
        f"{'met   ' if result.met else 'MISSED'} {result.name} beside {result.peer_name}: "
        f"{result.ratio:.2f} ({result.ours:,.2f} {result.unit}), wanted {wanted(result)}"
        for result in found
        if result.goal is not None
    ]
