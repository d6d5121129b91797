"""The challenger's answers on the holdout, what they are worth, and what is kept of them."""

from typing import Annotated

import numpy as np
import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.evaluation import scores
from kaizen.inference.scorer import Scorer
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.orchestration.step_settings import ARRAY


@step(output_materializers={"answers": ARRAY})
def evaluate(
    usecase: str, metric: str, seed: int, onnx: bytes, holdout: pd.DataFrame
) -> tuple[
    Annotated[dict[str, float], "metrics"],
    Annotated[np.ndarray, "answers"],
    Annotated[bytes, "baseline"],
]:
    """``baseline`` is empty where there is no truth: later answers are held against nothing."""
    case = catalog.usecase(usecase)
    outputs = Scorer(onnx)(case.features.decode(holdout))
    metrics, answers = scores.of(case, holdout, outputs)
    if metric in metrics:
        progress.figure(f"{metric} {metrics[metric]:,.4f} on {len(holdout):,} held-out rows")
    if case.target is None or holdout.empty:
        return metrics, answers, b""
    baseline = Baseline.of(case, metric, case.truth(holdout), outputs, seed)
    return metrics, answers, baseline.to_bytes()
