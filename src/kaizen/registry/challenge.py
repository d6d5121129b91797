"""Brings champion and challenger before the gate, on the same held-out rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Decision
from kaizen.core.settings import GateRule
from kaizen.core.usecase import Array, UseCase
from kaizen.data import versions as datasets
from kaizen.data.digest import row_digests
from kaizen.evaluation import gate
from kaizen.inference.scorer import Scorer
from kaizen.registry import versions


def judge(
    case: UseCase,
    rule: GateRule,
    holdout: pd.DataFrame,
    challenger: Array,
    *,
    champion: str | None,
    seed: int,
    home: Home,
) -> Decision:
    """The gate's decision on the challenger's answers (n,) for the rows of ``holdout``.

    Args:
        champion: version to beat; None lets the first model pass.
        seed: of the bootstrap.
    """
    truth = case.truth(holdout)
    if champion is None:
        return gate.decide(rule, truth, challenger, seed=seed, positive=case.positive)
    model = Scorer(versions.onnx_bytes(case.name, champion))
    return gate.decide(
        rule,
        truth,
        challenger,
        case.features.answer(model(case.features.decode(holdout))),
        seed=seed,
        champion_version=champion,
        positive=case.positive,
        new=_new_rows(case.name, champion, holdout, home),
    )


def _new_rows(name: str, champion: str, holdout: pd.DataFrame, home: Home) -> Array | None:
    """Which held-out rows (n,) the champion's data set did not have; None where it had all."""
    digest = versions.get(name, champion).tags.get("dataset_digest", "")
    try:
        known = set(row_digests(datasets.load(name, digest, home)))
    except KaizenError:
        return None
    new = np.array([row not in known for row in row_digests(holdout)])
    return new if new.any() else None
