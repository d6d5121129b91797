"""What explains a verdict, drawn by Evidently."""

from datetime import UTC, datetime
from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import progress
from kaizen.core.paths import home
from kaizen.core.results import Page
from kaizen.monitoring import observation
from kaizen.monitoring.performance.evaluate import labelled_pairs
from kaizen.monitoring.reports import workspace
from kaizen.monitoring.reports.alignment import reference_table
from kaizen.monitoring.windows.store import Store
from kaizen.monitoring.windows.window import Window
from kaizen.orchestration.step_settings import heavy
from kaizen.registry import reference_data


# In a process of its own: what Evidently imports is large, and stays in the process that has it.
@step(enable_cache=False, settings=heavy())
def report(
    usecase: str, window: dict[str, Any], observed: pd.DataFrame, outcomes: pd.DataFrame
) -> Annotated[Page, "page"]:
    which, store = Window.model_validate(window), Store(home())
    found = store.find(usecase, which.name)
    kept = workspace.add(
        home().monitoring,
        usecase,
        f"{usecase} {which.name}: {', '.join(found.alarms) or 'quiet'}",
        reference_table(reference_data.profile(usecase, which.version)),
        observation.drawable(observed),
        at=datetime.fromtimestamp(which.until, UTC),
        performance=labelled_pairs(reference_data.baseline(usecase, which.version), outcomes),
        tags=[f"v{which.version}", *found.alarms],
        drift=found.drift,
    )
    page = str(kept.path.relative_to(home().monitoring))
    store.reported(usecase, which.name, page)
    progress.figure(page)
    return Page(path=page)
