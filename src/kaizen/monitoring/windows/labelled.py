"""How many rows of a window have a label by now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from kaizen.core.errors import KaizenError
from kaizen.events.joined import CLOCK_S
from kaizen.monitoring.windows import window_data
from kaizen.monitoring.windows.window import Window


def at_most(known: Collection[str], windows: Sequence[Window]) -> dict[str, int]:
    """Name of each window to its labels, by the time in an event's id: never too few.

    Labels of another version that answered meanwhile, or of a window nearby, count too.

    Args:
        known: ids of all events that have a label.
    """
    times = sorted(int(event[:12], 16) / 1000 for event in known)
    found = {}
    for window in windows:
        first = bisect_left(times, window.since - CLOCK_S)
        found[window.name] = min(bisect_left(times, window.until) - first, window.rows)
    return found


def exactly(known: Collection[str], folder: Path, windows: Sequence[Window]) -> dict[str, int]:
    """Name of each window to its labels, by the ids of its events, which are read.

    Windows of which retention has removed events are left out: they cannot be judged again.
    """
    labels, found = set(known), {}
    for window in windows:
        with suppress(KaizenError):
            found[window.name] = len(labels & set(window_data.ids(folder, window)))
    return found
