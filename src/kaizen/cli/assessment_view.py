"""An assessed window, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kaizen.cli.output import columns, line

if TYPE_CHECKING:
    from kaizen.monitoring.performance.measured import Performance
    from kaizen.monitoring.windows.assessment import Assessment


def record(assessment: Assessment | None) -> dict[str, Any]:
    """Everything that was found, the verdict's main figures on top; nulls where there is none."""
    if assessment is None:
        return {"window": None, "alarms": [], "drifted": None, "p_value": None, "reason": None}
    whole = assessment.model_dump(mode="json")
    return {
        "window": whole.pop("window"),
        "alarms": whole.pop("alarms"),
        "drifted": assessment.drift.drifted,
        "p_value": assessment.drift.p_value,
        "reason": whole.pop("reason"),
        **whole,
    }


def tell(assessment: Assessment) -> None:
    """A few lines."""
    window = assessment.window
    line(
        f"{window.usecase} {window.name}: {window.rows:,} rows of v{window.version}, "
        f"{_time(window.since)} to {_time(window.until)} UTC"
    )
    quality = "; ".join(found.detail for found in assessment.drift.quality)
    columns(
        [
            ("  quality", quality or "nothing wrong with the data"),
            ("  drift", assessment.drift.summary),
            ("  performance", _performance(assessment.performance)),
            ("  estimate", _performance(assessment.estimate)),
            ("  verdict", f"{', '.join(assessment.alarms) or 'quiet'}: {assessment.reason}"),
        ]
    )


def _performance(found: Performance) -> str:
    if found.value is None or found.low is None or found.high is None:
        return f"unknown: {found.reason}"
    beside = "" if found.baseline is None else f", {found.baseline:.4g} when it was trained"
    interval = f"95 % {found.low:.4g} – {found.high:.4g}"
    return f"{found.metric} {found.value:.4g} ({interval}{beside}); {found.reason}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds").removesuffix("+00:00")
