"""The gate: champion and challenger on the same held-out rows."""

from typing import Annotated, Any

import numpy as np
import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.core.paths import home
from kaizen.core.results import Decision
from kaizen.core.settings import GateRule
from kaizen.registry import challenge


@step
def compare(
    usecase: str,
    champion: str,
    rule: dict[str, Any],
    seed: int,
    holdout: pd.DataFrame,
    answers: np.ndarray,
) -> Annotated[Decision, "decision"]:
    """``champion`` is the version to beat, empty where there is none."""
    decision = challenge.judge(
        catalog.usecase(usecase),
        GateRule.model_validate(rule),
        holdout,
        answers,
        champion=champion or None,
        seed=seed,
        home=home(),
    )
    progress.figure(decision.reason)
    return decision
