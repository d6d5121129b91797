"""The record of performance: measured, estimated or unknown."""

from __future__ import annotations

from typing import Literal

from kaizen.core.results import Record


class Performance(Record):
    """One figure for a window beside the same for the rows of the model's baseline.

    Attributes:
        state: ``measured`` by labels, ``estimated`` from the model's own probabilities, or
            ``unknown``, and ``reason`` says why and what would resolve it.
        metric, direction: what, by its scikit-learn name, and which way is better.
        value, low, high: of the window, with a two-sided 95 % interval; None where unknown.
        baseline: of the rows that the model was judged on when it was trained.
        rows: rows with a label (measured), or rows asked about (estimated).
        p: one-sided: how likely a loss as large is while nothing has changed; None of an estimate.
        worse: the loss is beyond chance and beyond the rule's tolerance.
        reason: in words.
    """

    state: Literal["measured", "estimated", "unknown"]
    metric: str
    direction: Literal["higher", "lower"]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    rows: int = 0
    p: float | None = None
    worse: bool = False
    reason: str


def unknown(
    reason: str,
    metric: str = "",
    direction: Literal["higher", "lower"] = "higher",
    *,
    baseline: float | None = None,
    rows: int = 0,
) -> Performance:
    """Performance of which nothing is known, and why."""
    return Performance(
        state="unknown",
        metric=metric,
        direction=direction,
        baseline=baseline,
        rows=rows,
        reason=reason,
    )
