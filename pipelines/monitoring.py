"""One window of events to one assessment."""

from typing import Any

from zenml import pipeline

from steps.monitor.alert import alert
from steps.monitor.drift import drift
from steps.monitor.performance import performance
from steps.monitor.quality import quality
from steps.monitor.verdict import verdict
from steps.monitor.window import window as read


@pipeline(name="monitoring", enable_cache=False)
def monitoring(
    usecase: str, window: dict[str, Any], rule: dict[str, Any], live: dict[str, Any] | None = None
) -> None:
    """``window`` says which events, ``rule`` how they are judged and who is told."""
    alert(usecase, rule, assessed(usecase, window, rule, live, keep=True))


@pipeline(name="monitoring-again", enable_cache=False)
def repeated(usecase: str, window: dict[str, Any], rule: dict[str, Any]) -> None:
    """A window judged again and held beside what was found before; nobody is told."""
    assessed(usecase, window, rule, None, keep=False)


def assessed(
    usecase: str,
    window: dict[str, Any],
    rule: dict[str, Any],
    live: dict[str, Any] | None,
    *,
    keep: bool,
) -> Any:
    """Window, quality, drift, performance, verdict: the assessment."""
    version = window["version"]
    observed, outcomes, reading = read(usecase, window)
    findings = quality(usecase, version, observed, reading)
    found, row_p = drift(usecase, version, observed, reading, findings)
    measured, estimated = performance(usecase, version, rule, found, observed, outcomes)
    return verdict(window, rule, live, keep, found, row_p, observed, measured, estimated)
