"""Whether the window comes from where the reference came from: our engine decides."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import progress
from kaizen.monitoring.drift.result import Finding
from kaizen.monitoring.windows import data_quality
from kaizen.monitoring.windows.window_data import Reading
from kaizen.registry import reference_data


@step(enable_cache=False)
def drift(
    usecase: str,
    version: str,
    observed: pd.DataFrame,
    reading: dict[str, Any],
    findings: list[dict[str, Any]],
) -> tuple[Annotated[dict[str, Any], "drift"], Annotated[list[float], "row_p"]]:
    """The drift result, and each row's own p value where rows have one."""
    profile = reference_data.profile(usecase, version)
    found = [Finding.model_validate(each) for each in findings]
    result = data_quality.with_quality(
        profile.check(observed), found, Reading.model_validate(reading)
    )
    progress.figure(result.summary)
    return result.model_dump(mode="json"), data_quality.row_p(profile, observed)
