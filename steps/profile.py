"""What the model sees when nothing drifts: the reference of later drift checks."""

from typing import Annotated

import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.core.errors import KaizenError
from kaizen.inference.scorer import Scorer
from kaizen.monitoring import observation
from kaizen.monitoring.drift import check
from kaizen.orchestration.step_settings import heavy


@step(settings=heavy())
def profile(
    usecase: str,
    seed: int,
    onnx: bytes,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    holdout: pd.DataFrame,
) -> Annotated[bytes, "profile"]:
    """Empty where the rows are too few: the model is as good without."""
    features, model = catalog.features(usecase), Scorer(onnx)
    # A model is surer of rows it has learnt from than of those it will see. The held-out ones
    # choose nothing here: neither the model nor what becomes of it depends on the profile.
    unseen = pd.concat([validation, holdout], ignore_index=True)
    learnt = observation.observed(features, model, train)
    for seen, anchors in ((observation.observed(features, model, unseen), learnt), (learnt, None)):
        try:
            made = check.profile_of(seen, seed, anchors)
        except KaizenError as error:
            progress.figure(str(error))
        else:
            progress.figure(f"of {made.rows:,} rows, windows of {made.shape.window:,}")
            return made.to_bytes()
    return b""
