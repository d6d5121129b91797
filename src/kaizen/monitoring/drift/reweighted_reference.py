"""The drift check against rows of the reference that are drawn to have the window's class mix.

What still differs is not due to the mix. The stored rows are drawn without replacement, and the
check is calibrated for what is left of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from kaizen.monitoring.drift.fitting import LEAST_ROWS
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.reference import Ints
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.drift.statistics import Floats

DRAWS = 1_999


def check(profile: Profile, weights: Floats, window: pd.DataFrame) -> DriftResult | None:
    """The drift result against reference rows drawn by ``weights`` (rows,); None if few are left.

    Takes about a second; ``profile`` stays as it is. Columns, bins and anchors are the profile's.
    """
    shape = profile.shape
    rows = drawn(weights, np.random.default_rng([shape.seed, len(window)]))
    if len(rows) < LEAST_ROWS:
        return None
    known = profile.reference
    part = replace(known, values=known.values[rows], labels=known.labels[rows])
    note = f"{len(rows):,} rows of the reference in the window's mix"
    return Profile(replace(shape, draws=DRAWS, note=note), part).check(window)


def drawn(weights: Floats, random: np.random.Generator) -> Ints:
    """Positions of rows, each kept with a probability in proportion to its weight.

    The one in a hundred with the highest weights are always kept: without a limit one row could
    cost all others.
    """
    most = float(np.quantile(weights, 0.99))
    if most <= 0:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(random.random(len(weights)) * most < weights)
