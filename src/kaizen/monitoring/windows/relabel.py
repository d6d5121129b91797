"""When a window that was judged is judged again, because labels have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.monitoring.windows.assessment import Assessment

GROWTH = 1.25
"""How many times as many labels are worth another look."""


def again(
    judged: Iterable[Assessment], labelled: Mapping[str, int], rule: MonitoringRule, now: float
) -> list[Assessment]:
    """Those of ``judged`` that more labels have come for.

    Args:
        judged: the last assessment of each window.
        labelled: window's name to its rows that have a label now.
    """
    return [each for each in judged if _due(each, labelled.get(each.window.name, 0), rule, now)]


def _due(assessment: Assessment, labels: int, rule: MonitoringRule, now: float) -> bool:
    before, window = assessment.performance.rows, assessment.window
    if now - window.until > rule.labels_after_s or labels <= before:
        return False
    complete = labels >= window.rows
    return labels >= rule.min_labels and (complete or labels >= GROWTH * before)
