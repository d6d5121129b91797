"""The rows of a stored profile as the table that windows are drawn beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.window_values import EMBEDDING


def reference_table(profile: Profile) -> pd.DataFrame:
    """The rows that windows are compared with: columns of numbers, then of classes.

    Numbers are float64. Classes are text, as the profile keeps them, also where they were numbers
    or flags. Missing values are NaN and None. The embedding is left out: its distances mean
    something only to the check.
    """
    kept = profile.reference
    columns: dict[str, Any] = {
        name: kept.values[:, at]
        for at, name in enumerate(kept.numbers)
        if not (name == EMBEDDING and profile.shape.embedding)
    }
    for at, name in enumerate(kept.categories):
        known = np.array([label or None for label in kept.classes[at]], dtype=object)
        columns[name] = pd.Series(known[kept.labels[:, at]], dtype=object)
    return pd.DataFrame(columns)
