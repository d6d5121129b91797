"""Reports that explain: of a window, by its name, and of a day."""

from __future__ import annotations

import time

from kaizen.core import project
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.paths import home
from kaizen.core.results import Page
from kaizen.monitoring.reports import nightly as nights
from kaizen.monitoring.reports.nightly import Night
from kaizen.monitoring.windows.store import Store
from kaizen.orchestration import outputs

EXTRA = "evidently"
"""What draws them."""


def draw(usecase: str, name: str) -> str:
    """Draw what explains the verdict of a window; the page's path under ``Home.monitoring``.

    Raises:
        UsageError: no such window.
        KaizenError: its events are gone, or it cannot be drawn.
    """
    window = Store(home()).find(usecase, name).window
    pipeline = project.current().pipeline("reports", "reporting")
    made = pipeline.with_options(run_name=f"{usecase}-report-{name}-{{date}}-{{time}}")(
        usecase, window.model_dump(mode="json")
    )
    return outputs.load(made, Page).path


def due(usecase: str, rule: MonitoringRule) -> Night | None:
    """The nightly report to draw now, None where there is none."""
    return nights.due_night(time.time(), rule.report_hour, Store(home()).night(usecase))


def nightly(usecase: str, version: str, night: Night) -> str:
    """Draw a day's events beside the reference; the page's path, empty where there were none.

    Raises:
        KaizenError: it cannot be drawn.
    """
    pipeline = project.current().pipeline("reports", "nightly")
    made = pipeline.with_options(run_name=f"{usecase}-nightly-{night.day}-{{time}}")(
        usecase, version, night.day.isoformat(), night.since, night.until
    )
    return outputs.load(made, Page).path
