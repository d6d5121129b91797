"""How right a window's answers were: measured by labels, and estimated without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.usecase import Array
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.performance import outcomes
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.estimate import estimate
from kaizen.monitoring.performance.labelled import measure
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.performance.support import outside, support


@dataclass(frozen=True)
class LabelledPairs:
    """Answers whose truth is known.

    Attributes:
        truth, answers: (n,) each, of the same rows.
        task: what kind of answers they are.
    """

    truth: Array
    answers: Array
    task: Literal["classification", "regression"]


def evaluate_window(
    baseline: Baseline,
    profile: Profile,
    rule: MonitoringRule,
    drift: DriftResult,
    observed: pd.DataFrame,
    window: pd.DataFrame,
) -> tuple[Performance, Performance]:
    """Performance by labels, and as estimated from the model's own probabilities.

    Args:
        drift: of ``observed``: an estimate holds only where the model has learnt.
        window: the table of ``kaizen/monitoring/performance/outcomes.py``.
    """
    answers, seed = outcomes.answers(window), profile.shape.seed
    measured = measure(baseline, outcomes.labels(window), answers, rule, seed)
    supported = support(drift, outside(profile, observed))
    stated = outcomes.probabilities(window)
    return measured, estimate(baseline, answers, stated, supported, seed)


def labelled_pairs(baseline: Baseline | None, window: pd.DataFrame) -> LabelledPairs | None:
    """The answers of a window whose truth is known, to be drawn; None where there are none.

    Args:
        window: the table of ``kaizen/monitoring/performance/outcomes.py``.
    """
    pairs = zip(outcomes.labels(window), outcomes.answers(window), strict=True)
    labelled = [pair for pair in pairs if pair[0] is not None]
    if baseline is None or not labelled or baseline.task == "clustering":
        return None
    truth, answers = (baseline.alike(side) for side in zip(*labelled, strict=True))
    return LabelledPairs(truth, answers, baseline.task)
