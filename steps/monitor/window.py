"""The events of a window, read again from the log, as monitoring sees them."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.core.paths import home
from kaizen.monitoring.performance import outcomes
from kaizen.monitoring.windows import window_data
from kaizen.monitoring.windows.window import Window
from kaizen.orchestration.step_settings import FRAME
from kaizen.registry import reference_data


@step(enable_cache=False, output_materializers={"observed": FRAME, "outcomes": FRAME})
def window(
    usecase: str, window: dict[str, Any]
) -> tuple[
    Annotated[pd.DataFrame, "observed"],
    Annotated[pd.DataFrame, "outcomes"],
    Annotated[dict[str, Any], "reading"],
]:
    """``observed`` is what the use case observes, ``outcomes`` ids, answers and labels."""
    which = Window.model_validate(window)
    features, seed = (
        catalog.features(usecase),
        reference_data.profile(usecase, which.version).shape.seed,
    )
    found = window_data.load_window(features, home().events / usecase, which, seed=seed)
    made = found.outcomes
    known = made[outcomes.LABEL].notna().sum()
    progress.figure(f"{len(made):,} rows, {known:,} with a label")
    return found.table, made, found.reading.model_dump(mode="json")
