"""The quality of a window's data as it was read: findings of the profile, and of the log."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult, Finding
from kaizen.monitoring.windows.window_data import Reading


def findings(profile: Profile, observed: pd.DataFrame, reading: Reading) -> tuple[Finding, ...]:
    """Everything wrong with ``observed``, except what redaction has hidden on purpose."""
    found = [
        each
        for each in profile.findings(observed)
        if each.kind != "missing_column" or each.column not in reading.hidden
    ]
    if reading.undecoded:
        detail = f"{reading.undecoded:,} events cannot be read: {reading.reason}"
        found.append(Finding(column=None, kind="unreadable", detail=detail, serious=True))
    return tuple(found)


def with_quality(drift: DriftResult, found: Sequence[Finding], reading: Reading) -> DriftResult:
    """The drift result with these findings, and with a note of how the window was read."""
    notes = [drift.calibration.note, reading.note]
    note = "; ".join(each for each in notes if each)
    return drift.model_copy(
        update={
            "quality": tuple(found),
            "calibration": drift.calibration.model_copy(update={"note": note}),
        }
    )


def row_p(profile: Profile, observed: pd.DataFrame) -> list[float]:
    """A p value per row for being like the reference; empty where the profile gives none."""
    try:
        return [float(p) for p in profile.row_p(observed)]
    except KaizenError:
        return []
