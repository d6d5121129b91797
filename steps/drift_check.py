"""What is new in the training data, held against the champion's profile as the champion sees it."""

from html import escape
from typing import Annotated, Any

import pandas as pd
from zenml import step
from zenml.types import HTMLString

from kaizen.core import catalog, progress
from kaizen.core.extras import NotInstalled
from kaizen.core.paths import home
from kaizen.data.digest import row_digests
from kaizen.inference.scorer import Scorer
from kaizen.monitoring import observation
from kaizen.monitoring.drift import check
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.reports import evidently_report
from kaizen.orchestration.step_settings import heavy
from kaizen.registry import profiles, training_data, versions


# In a process of its own: what Evidently imports, other steps import in threads beside it, and
# Python lets two threads see each other's half-imported modules.
@step(settings=heavy())
def drift_check(
    usecase: str, champion: str, rule: dict[str, Any], train: pd.DataFrame
) -> tuple[Annotated[HTMLString, "drift_report"], Annotated[dict[str, Any], "drift"]]:
    """``champion`` is the version compared with, empty where there is none.

    Evidently draws its report only for an alarm: it takes seconds, and explains what drifted. Where
    it is not installed that is said in place of the report: the verdict is not Evidently's.
    """
    if not champion:
        progress.figure("no champion to compare with")
        none = "There is no champion yet: nothing to compare with."
        return HTMLString(f"<p>{none}</p>"), check.nothing_to_compare(len(train), none).model_dump()
    before = training_data.of(usecase, champion, rule, home())
    # The champion is surer of rows it has learnt from, so they say nothing of new ones.
    learnt = set(row_digests(before))
    new = train[[digest not in learnt for digest in row_digests(train)]].reset_index(drop=True)
    profile, page, said = profiles.of(usecase, champion), "", ""
    if profile is None:
        found = check.nothing_to_compare(
            len(new), f"v{champion} has no drift profile: nothing to compare with."
        )
    elif new.empty:
        found = check.nothing_to_compare(0, f"No row is new: v{champion} has learnt from them all.")
    else:
        features = catalog.features(usecase)
        model = Scorer(versions.onnx_bytes(usecase, champion))
        stored = Profile.from_bytes(profile, f"of {usecase} v{champion}")
        found = check.compared(stored.check(observation.observed(features, model, new)))
        if found.verdict is not None and found.verdict.drifted:
            known, seen = (
                observation.drawable(observation.observed(features, model, rows))
                for rows in (before, train)
            )
            title = f"{usecase}: new training data against that of v{champion}"
            try:
                page = evidently_report.html(known, seen, title, drift=found.verdict)
            except NotInstalled as missing:
                said = f"; {missing}"
    progress.figure(f"{found.note}{said}")
    return HTMLString(page or f"<p>{escape(found.note + said)}</p>"), found.model_dump(mode="json")
