"""From a window's verdict to its alarms: looks at the rows again where the cause is in question."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from monitoring.drift import faults, matched
from monitoring.drift.profile import Profile
from monitoring.drift.verdict import Verdict
from monitoring.performance.baseline import Baseline
from monitoring.performance.measured import Performance
from monitoring.watch import cause, mix
from monitoring.watch.assessment import Alarm


def explain(
    profile: Profile,
    baseline: Baseline | None,
    window: pd.DataFrame,
    verdict: Verdict,
    performance: Performance,
    estimate: Performance,
    answers: Sequence[str],
) -> tuple[tuple[Alarm, ...], str]:
    """The alarms of ``window``, and why these.

    Takes a second or more where answers drifted, next to nothing otherwise; ``profile`` stays as
    it is.

    Args:
        window: rows as they were observed, which ``verdict`` is about.
        baseline: what the model was judged on; None where there is nothing.
        answers: names of the columns that say what was answered.
    """
    found = faults.find(profile, verdict, window, answers) if verdict.drifted else ()
    beside = None
    if cause.mix_in_question(verdict, answers):
        weights = mix.weights(profile, baseline, window, answers)
        beside = None if weights is None else matched.check(profile, weights, window)
    return cause.tell(verdict, performance, estimate, answers, found, beside)
