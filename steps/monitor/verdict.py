"""Everything that was found becomes one assessment, kept for good."""

import time
from typing import Annotated, Any

import pandas as pd
from zenml import get_step_context, step

from kaizen.core import catalog, commit, progress
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.paths import home
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.performance.measured import Performance
from kaizen.monitoring.windows import assess
from kaizen.monitoring.windows.assessment import Assessment, Evidence
from kaizen.monitoring.windows.store import Store
from kaizen.monitoring.windows.window import Window
from kaizen.registry import reference_data


@step(enable_cache=False)
def verdict(
    window: dict[str, Any],
    rule: dict[str, Any],
    live: dict[str, Any] | None,
    keep: bool,
    drift: dict[str, Any],
    row_p: list[float],
    observed: pd.DataFrame,
    measured: dict[str, Any],
    estimated: dict[str, Any],
) -> Annotated[Assessment, "assessment"]:
    """``live`` is the evidence of single rows that made somebody look, if that was it."""
    which, store = Window.model_validate(window), Store(home())
    assessment = assess.assess(
        home(),
        which,
        MonitoringRule.model_validate(rule),
        profile=reference_data.profile(which.usecase, which.version),
        fingerprint=reference_data.fingerprint(which.usecase, which.version),
        baseline=reference_data.baseline(which.usecase, which.version),
        observed=observed,
        drift=DriftResult.model_validate(drift),
        row_p=row_p,
        performance=Performance.model_validate(measured),
        estimate=Performance.model_validate(estimated),
        answers=catalog.features(which.usecase).answers,
        live=None if live is None else Evidence.model_validate(live),
        before=store.last(which.usecase, which.name),
        at=time.time(),
        code=commit.name(),
        run_id=str(get_step_context().pipeline_run.id),
    )
    if keep:
        store.add(assessment)
    progress.figure(f"{', '.join(assessment.alarms) or 'quiet'}: {assessment.reason}")
    return assessment
