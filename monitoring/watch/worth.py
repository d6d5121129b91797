"""What a window's answers were worth: by labels, and estimated without them."""

from __future__ import annotations

import pandas as pd

from kaizen.core.monitoring_settings import MonitoringRule
from monitoring.drift.profile import Profile
from monitoring.drift.verdict import Verdict
from monitoring.performance.baseline import Baseline
from monitoring.performance.estimate import estimate
from monitoring.performance.labelled import measure
from monitoring.performance.measured import Performance
from monitoring.performance.support import outside, support
from monitoring.reports.drawing import Labelled
from monitoring.watch import outcomes


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
        answered: the table of ``monitoring/watch/outcomes.py``.
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
