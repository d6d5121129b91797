"""Assessments for tests: a quiet one, and what differs."""

from typing import Any

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.monitoring.drift.result import Calibration, Column, DriftResult, Finding
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.windows.assessment import Assessment, Evidence
from kaizen.monitoring.windows.window import Window

SIZE = 500


def window(number: int = 0, usecase: str = "digits", version: str = "1", **changes: Any) -> Window:
    """Window ``number`` of 500 rows, a minute each."""
    made = {
        "usecase": usecase,
        "version": version,
        "name": f"v{version}-{number:04}",
        "since": 60.0 * number,
        "until": 60.0 * (number + 1),
        "rows": SIZE,
        "digest": f"{number:064x}",
    }
    return Window(**{**made, **changes})


def drift_result(
    p: float = 0.5, *, findings: tuple[Finding, ...] = (), level: float = 0.006
) -> DriftResult:
    drifted = p <= level
    return DriftResult(
        drifted=drifted,
        p_value=p,
        effect=2.0 if drifted else 0.5,
        columns=(Column(name="ink", statistic="ks", p=p, effect=0.2, drifted=drifted),),
        tests=(),
        quality=findings,
        reference_rows=2000,
        window_rows=SIZE,
        calibration=Calibration(draws=4999, window=SIZE, level=level, note="both sides drawn"),
    )


def performance(
    value: float | None = None, rows: int = 0, *, worse: bool = False, **changes: Any
) -> Performance:
    made: dict[str, Any] = {
        "state": "unknown" if value is None else "measured",
        "metric": "accuracy",
        "direction": "higher",
        "value": value,
        "low": None if value is None else value - 0.02,
        "high": None if value is None else value + 0.02,
        "baseline": 0.98,
        "rows": rows,
        "p": None if value is None else 0.001 if worse else 0.4,
        "worse": worse,
        "reason": "no labels yet" if value is None else "by labels",
    }
    return Performance(**{**made, **changes})


def assessment(number: int = 0, **changes: Any) -> Assessment:
    """A quiet assessment of window ``number``; ``changes`` replace its fields."""
    made = {
        "window": window(number),
        "at": 60.0 * (number + 1) + 1,
        "drift": drift_result(),
        "performance": performance(),
        "estimate": performance(),
        "evidence": Evidence(strength=1.0, alarmed=False, seen=number + 1),
        "alarms": (),
        "reason": "nothing drifted",
        "profile": "0" * 64,
        "monitoring": MonitoringRule(),
        "code": "0.0",
    }
    return Assessment(**{**made, **changes})
