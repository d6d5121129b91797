"""What is kept of a window for its alerts: which rules it met, and the figures of the digest."""

from __future__ import annotations

from kaizen.core.results import Record
from kaizen.monitoring.windows.assessment import Assessment


class Judged(Record):
    """One window after its rules were looked at.

    Attributes:
        version, window: whose, and its name.
        at: when it was judged first, seconds since the epoch.
        rows: of the window.
        alarms: of its newest assessment.
        p, effect: of its drift verdict.
        metric, value, state: its performance by labels, or the estimate where there are none.
        met: rules by name; None where it could not be known.
    """

    version: str
    window: str
    at: float
    rows: int
    alarms: tuple[str, ...] = ()
    p: float | None = None
    effect: float | None = None
    metric: str = ""
    value: float | None = None
    state: str = "unknown"
    met: dict[str, bool | None]


def kept(found: Assessment, met: dict[str, bool | None], at: float) -> Judged:
    """What is kept of an assessment."""
    known = found.performance if found.performance.state == "measured" else found.estimate
    return Judged(
        version=found.window.version,
        window=found.window.name,
        at=at,
        rows=found.window.rows,
        alarms=found.alarms,
        p=found.drift.p_value,
        effect=found.drift.effect,
        metric=known.metric,
        value=known.value,
        state=known.state,
        met=met,
    )
