"""From what was found of one window to its assessment: streams, cause, and what it stands on."""

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
    """The assessment of ``window``. The same window again counts in no stream a second time.

    Args:
        observed: what ``drift`` is about; the rows are looked at again for a cause.
        fingerprint: SHA-256 of the profile.
        row_p: of each row by itself; empty where rows do not tell.
        live: evidence of single rows that made somebody look before the window was full.
        answers: names of observations that say what was answered.
        before: how the window was judged before, if it was: its evidence stays.
        code: what judged.
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
    """Of windows, and of their rows where rows tell; a partial window adds nothing to either."""
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
    """A stream that alarms is drift that single windows are too small to show."""
    if alarms:
        return alarms, reason
    for evidence, what in ((windows, "windows"), (rows, "rows")):
        if evidence is not None and evidence.alarmed:
            said = (
                f"drift of {what}, too little to be seen in one window: after "
                f"{evidence.alarmed_at or evidence.seen:,} of them the evidence sufficed"
            )
            return ("data",), f"{said}; {reason}"
    return alarms, reason


Kind = Literal["windows", "rows"]


def stream_of(home: Home, usecase: str, version: str, profile: str, kind: Kind) -> Stream:
    """The stream of a version that is compared with the profile of digest ``profile``."""
    path = home.monitoring / "streams" / usecase / f"v{version}-{kind}.json"
    return Stream(path, profile, THRESHOLD if kind == "windows" else ROW_THRESHOLD)


def count_once(stream: Stream, key: str, p: Sequence[float]) -> Evidence:
    """Count ``p`` under the name ``key``, once; a stream that has alarmed begins anew first.

    What drifts on then alarms again and again, and what is over does not alarm for ever.
    """
    before = stream.state()
    if before.alarmed and key not in before.keys:
        stream.reset()
    return evidence_of(stream.add(key, p))


def evidence_of(state: State) -> Evidence:
    """``state`` as an assessment holds it."""
    return Evidence(
        strength=state.e_value,
        alarmed=state.alarmed,
        alarmed_at=state.alarmed_at,
        seen=state.seen,
    )
