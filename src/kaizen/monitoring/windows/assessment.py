"""What was found of one window of events: all of it, and which alarms follow."""

from __future__ import annotations

from typing import Literal

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.results import Record
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.windows.window import Window

Alarm = Literal["quality", "data", "prediction", "concept"]
"""Bad data; other inputs than known; other answers; other truths for the same inputs."""

ALARMS: tuple[Alarm, ...] = ("quality", "data", "prediction", "concept")


class Evidence(Record):
    """Where a stream of windows, or of rows, stands (``kaizen/monitoring/drift/sequential.py``).

    Attributes:
        strength: the e-CUSUM.
        alarmed: it sufficed within this window; it begins anew with the next.
        alarmed_at: how many windows, or rows, had been counted then.
        seen: windows, or rows, counted since it began.
    """

    strength: float
    alarmed: bool
    alarmed_at: int | None = None
    seen: int


class Assessment(Record):
    """One window, judged.

    Attributes:
        window: which events.
        at: when it was judged, seconds since the epoch.
        drift: the result of the drift check; its ``quality`` is what is wrong with the data itself.
        performance: by labels.
        estimate: without labels.
        evidence: of this window and those before it, one p value each.
        rows_evidence: of each row by itself; None where rows have no p value.
        alarms: what is wrong; empty where nothing is. Usually one: its own cause's.
        reason: why these alarms, in words.
        profile: SHA-256 of the profile compared with.
        monitoring: the rule it was judged by, as it was then.
        code: version and commit of the code that judged.
        run_id: ZenML run that judged it, empty outside of one.
        report: path of the drift report under ``Home.monitoring``, None where none was drawn.
    """

    window: Window
    at: float
    drift: DriftResult
    performance: Performance
    estimate: Performance
    evidence: Evidence
    rows_evidence: Evidence | None = None
    alarms: tuple[Alarm, ...]
    reason: str
    profile: str
    monitoring: MonitoringRule
    code: str
    run_id: str = ""
    report: str | None = None

    @property
    def quiet(self) -> bool:
        """Nothing is wrong, as far as is known."""
        return not self.alarms
