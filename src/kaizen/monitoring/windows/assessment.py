"""The assessment of a window: everything that was found, and the alarms that follow."""

from __future__ import annotations

from typing import Literal

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.results import Record
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.windows.window import Window

Alarm = Literal["quality", "data", "prediction", "concept"]
"""Broken data; drifted inputs; drifted predictions (label shift); other labels for the same inputs
(concept drift)."""

ALARMS: tuple[Alarm, ...] = ("quality", "data", "prediction", "concept")


class Evidence(Record):
    """The state of a stream of windows, or of rows (``kaizen/monitoring/drift/sequential.py``).

    Attributes:
        strength: the e-value; rules and JSON call it so.
        alarmed: the threshold was reached in this window; the stream is reset with the next.
        alarmed_at: how many windows, or rows, had been counted then.
        seen: windows, or rows, counted since the last reset.
    """

    strength: float
    alarmed: bool
    alarmed_at: int | None = None
    seen: int


class Assessment(Record):
    """The assessment of one window.

    Attributes:
        window: which events.
        at: when it was judged, seconds since the epoch.
        drift: the result of the drift check; its ``quality`` is what is wrong with the data itself.
        performance: by labels.
        estimate: without labels.
        evidence: of this window and those before it, one p value each.
        rows_evidence: of single rows; None where rows have no p value.
        alarms: what is wrong; empty where nothing is. Usually one, that of the cause.
        reason: why these alarms, in words.
        profile: SHA-256 of the profile compared with.
        monitoring: the settings it was judged by, as they were then.
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
        """Whether no alarm was raised."""
        return not self.alarms
