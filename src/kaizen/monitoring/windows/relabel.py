"""Late labels: which judged windows to assess again, and how many labels each has by now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kaizen.core.errors import KaizenError
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.events.joined import CLOCK_S
from kaizen.monitoring.windows import window_data
from kaizen.monitoring.windows.assessment import Assessment
from kaizen.monitoring.windows.window import Window

GROWTH = 1.25
"""By what factor labels must have grown for another assessment."""


def windows_to_reassess(
    judged: Iterable[Assessment], labelled: Mapping[str, int], rule: MonitoringRule, now: float
) -> list[Assessment]:
    """The assessments among ``judged`` whose windows have enough new labels to be assessed again.

    Args:
        judged: the last assessment of each window.
        labelled: name of a window to its number of labels now.
    """
    return [each for each in judged if _due(each, labelled.get(each.window.name, 0), rule, now)]


def _due(assessment: Assessment, labels: int, rule: MonitoringRule, now: float) -> bool:
    before, window = assessment.performance.rows, assessment.window
    if now - window.until > rule.labels_after_s or labels <= before:
        return False
    complete = labels >= window.rows
    return labels >= rule.min_labels and (complete or labels >= GROWTH * before)


def upper_bound(known: Collection[str], windows: Sequence[Window]) -> dict[str, int]:
    """Name of each window to its number of labels at most; reads nothing from disk.

    By the times in the ids of events: labels of another version that answered meanwhile, or of a
    neighbouring window, count too.

    Args:
        known: ids of all events that have a label.
    """
    times = sorted(int(event[:12], 16) / 1000 for event in known)
    found = {}
    for window in windows:
        first = bisect_left(times, window.since - CLOCK_S)
        found[window.name] = min(bisect_left(times, window.until) - first, window.rows)
    return found


def exact_counts(known: Collection[str], folder: Path, windows: Sequence[Window]) -> dict[str, int]:
    """Name of each window to its number of labels, by the ids of its events, which are read.

    Windows of which retention has removed events are left out: they cannot be assessed again.
    """
    labels, found = set(known), {}
    for window in windows:
        with suppress(KaizenError):
            found[window.name] = len(labels & set(window_data.ids(folder, window)))
    return found
