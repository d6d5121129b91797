"""The new training data beside the champion's, as the champion sees both."""

from typing import Annotated, Any

import pandas as pd
from zenml import step
from zenml.types import HTMLString

from kaizen import catalog, progress
from kaizen.paths import home
from monitoring import drift, report
from registry import training_data, versions
from serving.scorer import Scorer
from stacks.zenml_settings import heavy


# In a process of its own: what Evidently imports, other steps import in threads beside it, and
# Python lets two threads see each other's half-imported modules.
@step(settings=heavy())
def drift_check(
    usecase: str, champion: str, rule: dict[str, Any], train: pd.DataFrame
) -> tuple[Annotated[HTMLString, "drift_report"], Annotated[dict[str, Any], "drift"]]:
    """``champion`` is the version compared with, empty where there is none."""
    if not champion:
        progress.figure("no champion to compare with")
        drift_report = HTMLString("<p>There is no champion yet: nothing to compare with.</p>")
        found = drift.nothing_to_compare(len(train)).model_dump()
        return drift_report, found
    features = catalog.features(usecase)
    model = Scorer(versions.onnx_bytes(usecase, champion))
    before = training_data.of(usecase, champion, rule, home())
    seen = [drift.observed(features, model, rows) for rows in (before, train)]
    title = f"{usecase}: new training data against that of v{champion}"
    drift_report = HTMLString(report.html(seen[0], seen[1], title))
    found = drift.compared(len(before), len(train)).model_dump()
    progress.figure(f"report over {len(before):,} and {len(train):,} rows")
    return drift_report, found
