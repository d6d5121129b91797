"""What a window's answers were worth: by labels, and estimated without them."""

from __future__ import annotations

import pandas as pd

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import Verdict
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.estimate import estimate
from kaizen.monitoring.performance.labelled import measure
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.performance.support import outside, support
from kaizen.monitoring.reports.evidently_report import Labelled
from kaizen.monitoring.windows import outcomes


def of(
    baseline: Baseline,
    profile: Profile,
    rule: MonitoringRule,
    verdict: Verdict,
    observed: pd.DataFrame,
    answered: pd.DataFrame,
) -> tuple[Performance, Performance]:
    """By labels, and estimated from the model's own probabilities.

    Args:
        verdict: of ``observed``: an estimate holds only where the model has learnt.
        answered: the table of ``kaizen/monitoring/windows/outcomes.py``.
    """
    answers, seed = outcomes.answers(answered), profile.shape.seed
    measured = measure(baseline, outcomes.labels(answered), answers, rule, seed)
    known = support(verdict, outside(profile, observed))
    return measured, estimate(baseline, answers, outcomes.probabilities(answered), known, seed)


def known(baseline: Baseline | None, answered: pd.DataFrame) -> Labelled | None:
    """The answers whose truth is known, to be drawn; None where there are none."""
    pairs = zip(outcomes.labels(answered), outcomes.answers(answered), strict=True)
    labelled = [pair for pair in pairs if pair[0] is not None]
    if baseline is None or not labelled or baseline.task == "clustering":
        return None
    truth, answers = (baseline.alike(side) for side in zip(*labelled, strict=True))
    return Labelled(truth, answers, baseline.task)
