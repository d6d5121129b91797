"""What explains an alarm is drawn by Evidently; where there is none, nothing is."""

from datetime import UTC, datetime
from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen import progress
from kaizen.paths import home
from monitoring import observation
from monitoring.reports import workspace
from monitoring.reports.reference_table import reference_table
from monitoring.watch.assessment import Assessment
from monitoring.watch.store import Store
from stacks.zenml_settings import heavy
from steps.monitor import reference


# In a process of its own: what Evidently imports takes seconds, and other steps import beside it.
@step(enable_cache=False, settings=heavy())
def report(assessment: dict[str, Any], observed: pd.DataFrame) -> Annotated[str, "page"]:
    """The page's path under ``Home.monitoring``, empty where nothing was drawn."""
    found = Assessment.model_validate(assessment)
    window = found.window
    if not found.alarms:
        progress.figure("nothing to explain")
        return ""
    kept = workspace.add(
        home().monitoring,
        window.usecase,
        f"{window.usecase} {window.name}: {', '.join(found.alarms)}",
        reference_table(reference.profile(window.usecase, window.version)),
        observation.drawable(observed),
        at=datetime.fromtimestamp(window.until, UTC),
        tags=[f"v{window.version}", *found.alarms],
        verdict=found.drift,
    )
    page = str(kept.path.relative_to(home().monitoring))
    Store(home()).reported(window.usecase, window.name, page)
    progress.figure(page)
    return page
