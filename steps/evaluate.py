"""The challenger's answers on the holdout, and what they are worth."""

from typing import Annotated

import numpy as np
import pandas as pd
from zenml import step

from kaizen import catalog, progress
from serving.scorer import Scorer
from stacks.zenml_settings import ARRAY
from usecases import scores


@step(output_materializers={"answers": ARRAY})
def evaluate(
    usecase: str, metric: str, onnx: bytes, holdout: pd.DataFrame
) -> tuple[Annotated[dict[str, float], "metrics"], Annotated[np.ndarray, "answers"]]:
    case = catalog.usecase(usecase)
    metrics, answers = scores.of(case, holdout, Scorer(onnx)(case.features.decode(holdout)))
    if metric in metrics:
        progress.figure(f"{metric} {metrics[metric]:,.4f} on {len(holdout):,} held-out rows")
    return metrics, answers
