"""From a window's verdict to its alarms: looks at the rows again where the cause is in question."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kaizen.monitoring.drift import faults, reweighted_reference
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import Verdict
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.windows import diagnosis, label_shift
from kaizen.monitoring.windows.assessment import Alarm


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
    if diagnosis.mix_in_question(verdict, answers):
        weights = label_shift.weights(profile, baseline, window, answers)
        beside = None if weights is None else reweighted_reference.check(profile, weights, window)
    return diagnosis.tell(verdict, performance, estimate, answers, found, beside)
