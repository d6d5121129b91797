"""Assembles the assessment of a window: counts it in its streams, and diagnoses the cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.paths import Home
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.drift.sequential import ROW_THRESHOLD, THRESHOLD, State, Stream
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.windows.assessment import Alarm, Assessment, Evidence
from kaizen.monitoring.windows.diagnosis import diagnose_window
from kaizen.monitoring.windows.window import Window


def assess(
    home: Home,
    window: Window,
    rule: MonitoringRule,
    *,
    profile: Profile,
    fingerprint: str,
    baseline: Baseline | None,
    observed: pd.DataFrame,
    drift: DriftResult,
    row_p: Sequence[float],
    performance: Performance,
    estimate: Performance,
    answers: Sequence[str],
    live: Evidence | None,
    before: Assessment | None,
    at: float,
    code: str,
    run_id: str,
) -> Assessment:
    """The assessment of ``window``, which counts in its streams once, however often it is assessed.

    Args:
        observed: the rows that ``drift`` is about; the diagnosis reads them again.
        fingerprint: SHA-256 of the profile.
        row_p: a p value per row; empty where rows have none.
        live: evidence of single rows, if it made the monitor look before the window was full.
        answers: names of the observations that are predictions.
        before: the earlier assessment of the window, if there is one: its evidence stays.
        code: version and commit of the code that judges.
    """
    evidence, by_row = _evidence(home, window, fingerprint, drift, row_p, before)
    alarms, reason = diagnose_window(
        profile, baseline, observed, drift, performance, estimate, answers
    )
    alarms, reason = with_streams(alarms, reason, evidence, live or by_row)
    return Assessment(
        window=window,
        at=at,
        drift=drift,
        performance=performance,
        estimate=estimate,
        evidence=evidence,
        rows_evidence=live or by_row,
        alarms=alarms,
        reason=reason,
        profile=fingerprint,
        monitoring=rule,
        code=code,
        run_id=run_id,
    )


def _evidence(
    home: Home,
    window: Window,
    fingerprint: str,
    drift: DriftResult,
    row_p: Sequence[float],
    before: Assessment | None,
) -> tuple[Evidence, Evidence | None]:
    """Evidence of windows, and of rows where they have p values; a partial window adds none."""
    if before is not None:
        return before.evidence, before.rows_evidence
    windows = stream_of(home, window.usecase, window.version, fingerprint, "windows")
    rows = stream_of(home, window.usecase, window.version, fingerprint, "rows")
    if window.partial:
        by_row = evidence_of(rows.state()) if row_p else None
        return evidence_of(windows.state()), by_row
    p = [] if drift.p_value is None else [drift.p_value]
    by_row = count_once(rows, window.name, row_p) if row_p else None
    return count_once(windows, window.name, p), by_row


def with_streams(
    alarms: tuple[Alarm, ...], reason: str, windows: Evidence, rows: Evidence | None
) -> tuple[tuple[Alarm, ...], str]:
    """Alarms and reason, after the streams: they show drift too weak for a single window."""
    if alarms:
        return alarms, reason
    if windows.alarmed:
        counted = windows.alarmed_at or windows.seen
        said = (
            f"gradual drift: undetectable in a single window, significant after {counted:,} windows"
        )
    elif rows is not None and rows.alarmed:
        counted = rows.alarmed_at or rows.seen
        said = (
            f"drift of single rows: significant after {counted:,} rows, not in a window as a whole"
        )
    else:
        return alarms, reason
    return ("data",), f"{said}; {reason}"


Kind = Literal["windows", "rows"]


def stream_of(home: Home, usecase: str, version: str, profile: str, kind: Kind) -> Stream:
    """The stream of a version that is compared with the profile of digest ``profile``."""
    path = home.monitoring / "streams" / usecase / f"v{version}-{kind}.json"
    return Stream(path, profile, THRESHOLD if kind == "windows" else ROW_THRESHOLD)


def count_once(stream: Stream, key: str, p: Sequence[float]) -> Evidence:
    """Count the p values of window ``key`` once; a stream that has alarmed is reset before.

    So drift that persists alarms again and again, and drift that has ended does not alarm for ever.
    """
    before = stream.state()
    if before.alarmed and key not in before.keys:
        stream.reset()
    return evidence_of(stream.add(key, p))


def evidence_of(state: State) -> Evidence:
    """The state of a stream, as an assessment holds it."""
    return Evidence(
        strength=state.e_value,
        alarmed=state.alarmed,
        alarmed_at=state.alarmed_at,
        seen=state.seen,
    )
