"""Gauges for Prometheus: the newest assessments and the open alerts; every label is bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from kaizen.core.paths import Home
from kaizen.monitoring.alerts.alert import Alert
from kaizen.monitoring.alerts.store import AlertStore
from kaizen.monitoring.windows.assessment import ALARMS, Assessment
from kaizen.monitoring.windows.store import Store

VERSIONS, COLUMNS, NEWEST = 4, 200, 50
"""Per use case, the versions judged last; per version, the columns with the largest effects; and
how many of the newest windows are read."""
_COMMON = ("usecase", "version")
_NAMES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "drift_p_value": ("p value of the newest drift verdict", ()),
    "drift_effect": ("Its effect, in units of the calibrated noise", ()),
    "drift_detected": ("1 where it says that data have drifted", ()),
    "column_effect": ("Distance of one column from the reference, 0 to 1", ("column",)),
    "quality_findings": ("What is wrong with the window itself", ()),
    "performance": ("The gate's metric, by labels or estimated", ("metric", "state")),
    "alarm": ("1 where the newest assessment has this alarm", ("kind",)),
    "stream_strength": ("Evidence of the stream of windows; 1,000 is the alarm", ()),
    "verdict_timestamp_seconds": ("When the newest window was judged", ()),
    "window_rows": ("Rows of it", ()),
    "alert_firing": ("Alerts of a rule that are not over", ("rule", "severity")),
}


def figures(home: Home, now: float) -> bytes:
    """All gauges as they stand in ``home``."""
    store = Store(home)
    judged = {usecase: store.newest(usecase, NEWEST) for usecase in store.usecases()}
    with AlertStore(home) as alerts:
        return exposition(judged, alerts.alerts(), now)


def exposition(
    assessments: Mapping[str, Sequence[Assessment]], alerts: Sequence[Alert], now: float
) -> bytes:
    """All gauges in Prometheus' text format.

    Args:
        assessments: by use case, oldest first; the newest of each version counts.
        alerts: the open ones, or all.
        now: seconds since the epoch; shows that the monitor itself is alive.
    """
    registry = CollectorRegistry()
    gauges = {
        name: Gauge(f"kaizen_{name}", text, [*_COMMON, *labels], registry=registry)
        for name, (text, labels) in _NAMES.items()
    }
    alive = Gauge("kaizen_monitor_timestamp_seconds", "When these figures were made",
                  registry=registry)  # fmt: skip
    alive.set(now)
    for usecase, judged in assessments.items():
        newest = {found.window.version: found for found in sorted(judged, key=lambda one: one.at)}
        for found in sorted(newest.values(), key=lambda one: one.at)[-VERSIONS:]:
            for name, labels, value in _figures(found):
                gauges[name].labels(usecase, found.window.version, *labels).set(value)
    for alert in alerts:
        if alert.open:
            labels = (alert.usecase, alert.version, alert.rule, alert.severity)
            gauges["alert_firing"].labels(*labels).inc()
    return generate_latest(registry)


def _figures(found: Assessment) -> list[tuple[str, tuple[str, ...], float]]:
    """Names, own labels and values; unknown values are left out."""
    drift = found.drift
    columns = sorted(drift.columns, key=lambda column: -column.effect)[:COLUMNS]
    known: list[tuple[str, tuple[str, ...], float | None]] = [
        ("drift_p_value", (), drift.p_value),
        ("drift_effect", (), drift.effect),
        ("drift_detected", (), float(drift.drifted)),
        *(("column_effect", (column.name,), column.effect) for column in columns),
        ("quality_findings", (), len(drift.quality)),
        *(
            ("performance", (each.metric, each.state), each.value)
            for each in (found.performance, found.estimate)
        ),
        *(("alarm", (kind,), float(kind in found.alarms)) for kind in ALARMS),
        ("stream_strength", (), found.evidence.strength),
        ("verdict_timestamp_seconds", (), found.at),
        ("window_rows", (), found.window.rows),
    ]
    return [(name, labels, value) for name, labels, value in known if value is not None]
