"""Reports that explain: of a window, and of a day."""

from typing import Any

from zenml import pipeline

from steps.monitor.night import night
from steps.monitor.report import report
from steps.monitor.window import window as read


@pipeline(name="report", enable_cache=False)
def reporting(usecase: str, window: dict[str, Any]) -> None:
    """What explains the verdict of a window, drawn after people were told: it takes seconds."""
    observed, outcomes, _ = read(usecase, window)
    report(usecase, window, observed, outcomes)


@pipeline(name="nightly-report", enable_cache=False)
def nightly(usecase: str, version: str, day: str, since: float, until: float) -> None:
    """A day's events beside the reference, drawn whether anything drifted or not."""
    night(usecase, version, day, since, until)
