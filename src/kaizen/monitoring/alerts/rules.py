"""Which rules a window meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kaizen.core.alert_settings import AlarmRule, Figure, FigureRule
from kaizen.monitoring.windows.assessment import Assessment

FIGURES: Mapping[Figure, Callable[[Assessment], float | None]] = {
    "drift.p_value": lambda found: found.drift.p_value,
    "drift.effect": lambda found: found.drift.effect,
    "drift.column_effect": lambda found: max(
        (column.effect for column in found.drift.columns), default=None
    ),
    "performance.value": lambda found: found.performance.value,
    "performance.p": lambda found: found.performance.p,
    "estimate.value": lambda found: found.estimate.value,
    "evidence.strength": lambda found: found.evidence.strength,
    "quality.findings": lambda found: len(found.drift.quality),
    "window.rows": lambda found: found.window.rows,
    "window.late_share": lambda found: found.window.late / max(found.window.rows, 1),
}
"""What figures are called, and where they stand; None where nothing is known."""


def meets(rule: AlarmRule | FigureRule, found: Assessment) -> bool | None:
    """Whether a window meets a rule; None where that is not known, which changes nothing."""
    if isinstance(rule, FigureRule):
        value = FIGURES[rule.figure](found)
        if value is None:
            return None
        below = rule.below is not None and value < rule.below
        return below or (rule.above is not None and value > rule.above)
    if rule.alarm in found.alarms:
        return True
    return False if _could_tell(rule, found) else None


def _could_tell(rule: AlarmRule, found: Assessment) -> bool:
    """Whether the alarm would have come if there were reason for it.

    Windows without labels say nothing of truths, and those that could not be compared nothing of
    data and answers: they do not end an alert.
    """
    if rule.alarm == "concept":
        return found.performance.state == "measured"
    return rule.alarm == "quality" or found.drift.p_value is not None


def said(rule: AlarmRule | FigureRule, found: Assessment) -> str:
    """Why a window meets the rule, in words."""
    if isinstance(rule, AlarmRule):
        return found.reason
    value = FIGURES[rule.figure](found)
    side = f"below {rule.below:g}" if rule.below is not None else f"above {rule.above:g}"
    return f"{rule.figure} is {value:.4g}, {side}"
