"""What is wrong with the window's data itself, before anything is compared."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import progress
from kaizen.monitoring.windows import data_quality
from kaizen.monitoring.windows.window_data import Reading
from kaizen.registry import reference_data


@step(enable_cache=False)
def quality(
    usecase: str, version: str, observed: pd.DataFrame, reading: dict[str, Any]
) -> Annotated[list[dict[str, Any]], "findings"]:
    found = data_quality.findings(
        reference_data.profile(usecase, version), observed, Reading.model_validate(reading)
    )
    progress.figure("; ".join(each.detail for each in found) or "nothing wrong with the data")
    return [each.model_dump(mode="json") for each in found]
