"""The rules by which a served model is watched."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kaizen.core.alert_settings import AlertsRule
from kaizen.core.frozen import Frozen


class CountWindow(Frozen):
    """Windows of so many rows.

    Attributes:
        rows: None for the number that the model's profile was calibrated for.
    """

    KIND: Literal["count"] = "count"
    rows: int | None = Field(None, ge=10)


class TimeWindow(Frozen):
    """Windows of so many seconds, aligned to the epoch: an hour's begin on the hour (UTC)."""

    KIND: Literal["time"] = "time"
    seconds: float = Field(3600.0, ge=1)


WindowRule = Annotated[CountWindow | TimeWindow, Field(discriminator="KIND")]


class MonitoringRule(Frozen):
    """How what is served is watched.

    Attributes:
        window: which events are judged together.
        grace_s: how long after a window's end its events are waited for; later ones are late.
        labels_after_s: how long after a window's end its labels are waited for before performance
            is given up as unknown; a window is judged at once, and again when labels have come.
        min_labels: labelled rows without which nothing is said of performance.
        tolerance: relative loss of the gate's metric that is still no loss.
        report_hour: hour (UTC) of the nightly report; None for none.
        gallery: newest inputs kept beside the flagged ones, to be looked at.
        alerts: who is told what.
    """

    window: WindowRule = CountWindow()
    grace_s: float = Field(1.0, ge=0)
    labels_after_s: float = Field(30 * 86_400.0, ge=0)
    min_labels: int = Field(50, ge=20)
    tolerance: float = Field(0.0, ge=0)
    report_hour: int | None = Field(2, ge=0, le=23)
    gallery: int = Field(64, ge=0, le=1000)
    alerts: AlertsRule = AlertsRule()
