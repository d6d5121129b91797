"""How right the answers were: by labels where they came, and estimated where that is sound."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.performance.baseline import why_none
from kaizen.monitoring.performance.evaluate import evaluate_window
from kaizen.monitoring.performance.measured import unknown
from kaizen.registry import reference_data


@step(enable_cache=False)
def performance(
    usecase: str,
    version: str,
    rule: dict[str, Any],
    drift: dict[str, Any],
    observed: pd.DataFrame,
    outcomes: pd.DataFrame,
) -> tuple[Annotated[dict[str, Any], "measured"], Annotated[dict[str, Any], "estimated"]]:
    baseline = reference_data.baseline(usecase, version)
    if baseline is None:
        nothing = unknown(why_none(catalog.usecase(usecase).task, version))
        progress.figure(nothing.reason)
        return nothing.model_dump(mode="json"), nothing.model_dump(mode="json")
    measured, estimated = evaluate_window(
        baseline,
        reference_data.profile(usecase, version),
        MonitoringRule.model_validate(rule),
        DriftResult.model_validate(drift),
        observed,
        outcomes,
    )
    progress.figure(measured.reason)
    return measured.model_dump(mode="json"), estimated.model_dump(mode="json")
