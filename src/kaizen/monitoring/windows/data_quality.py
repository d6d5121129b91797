"""What is wrong with a window's data as it was read: the profile's findings, and the log's."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult, Finding
from kaizen.monitoring.windows.window_data import Reading


def findings(profile: Profile, observed: pd.DataFrame, reading: Reading) -> tuple[Finding, ...]:
    """Everything wrong with ``observed``, without what redaction has hidden on purpose."""
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
    """``drift`` with these findings, and with how its window was read."""
    notes = [drift.calibration.note, reading.note]
    note = "; ".join(each for each in notes if each)
    return drift.model_copy(
        update={
            "quality": tuple(found),
            "calibration": drift.calibration.model_copy(update={"note": note}),
        }
    )


def row_p(profile: Profile, observed: pd.DataFrame) -> list[float]:
    """How unlike the reference each row by itself is; empty where rows do not tell."""
    try:
        return [float(p) for p in profile.row_p(observed)]
    except KaizenError:
        return []
