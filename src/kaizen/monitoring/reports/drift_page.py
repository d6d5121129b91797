"""The drift report people read, drawn by Evidently. It explains; it never decides."""

from __future__ import annotations

import pandas as pd

from kaizen.monitoring.drift.result import Verdict
from kaizen.monitoring.reports import evidently_report
from kaizen.monitoring.reports.alignment import sides


def html(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    title: str,
    *,
    verdict: Verdict | None = None,
    seed: int = 0,
) -> str:
    """A page of its own (about 4 MB, needs no network) that compares the columns both share.

    Raises:
        KaizenError: a side has no rows, or they share no column with values.
        NotInstalled: Evidently is not there.
    """
    first = [column.name for column in verdict.columns] if verdict else []
    two = sides(reference, current, first=first, seed=seed)
    model, notes = evidently_report.drawn(two, seed=seed)
    return evidently_report.page(model, title, verdict, notes=notes)
