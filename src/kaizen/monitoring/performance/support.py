"""Support: whether a window lies where the model has learnt, so that an estimate holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult

UNLIKE = {
    "rare": "values that are unseen, out of range or repeated",
    "novelty": "rows unlike any in the reference",
    "mmd": "combinations that are rare in the reference",
}
"""Tests that speak up when rows lie where the model has learnt nothing."""

ODD = 0.01
"""P of a row by itself from which it counts as outside."""


def support(drift: DriftResult, share: float | None = None) -> tuple[bool, str]:
    """Whether a window lies where the model has learnt, and if not, why.

    Args:
        share: of rows outside, where it is known (:func:`outside`).
    """
    if drift.p_value is None:
        return False, f"the inputs were {drift.summary}"
    wrong = [found.detail for found in drift.quality if found.kind != "new_column"]
    if wrong:
        return False, wrong[0]
    level = drift.calibration.level
    loud = [test for test in drift.tests if test.name in UNLIKE and test.p <= level]
    if not loud:
        return True, ""
    worst = min(loud, key=lambda test: (test.p, -test.effect))
    where = f" ({', '.join(worst.where)})" if worst.where else ""
    counted = f"{share:.0%} of the rows lie outside: " if share else ""
    return False, f"{counted}{UNLIKE[worst.name]}{where}, p = {worst.p:.2g}"


def outside(profile: Profile, window: pd.DataFrame) -> float | None:
    """The share of rows unlike the reference's, beyond the usual; None where rows have no p."""
    try:
        odd = float(np.mean(profile.row_p(window) <= ODD))
    except KaizenError:
        return None
    return max(0.0, (odd - ODD) / (1 - ODD))
