"""The judged challenger enters the registry, promoted or refused."""

from typing import Annotated, Any

import numpy as np
import pandas as pd
from zenml import get_step_context, log_metadata, step

from kaizen.core import catalog, progress
from kaizen.core.config import Config
from kaizen.core.paths import home
from kaizen.core.results import Decision, Registered
from kaizen.inference.golden import Golden
from kaizen.registry import baselines, profiles
from kaizen.registry.registration import Judged, enrol


@step(enable_cache=False)
def register(
    config: dict[str, Any],
    params: dict[str, Any],
    mlflow_run: str,
    dataset_digest: str,
    checked: pd.DataFrame,
    holdout: pd.DataFrame,
    onnx: bytes,
    golden_set: str,
    curves: dict[str, Any],
    summary: dict[str, Any],
    metrics: dict[str, float],
    answers: np.ndarray,
    decision: Decision,
    profile: bytes,
    baseline: bytes,
) -> Annotated[Registered, "registered"]:
    """``params`` was trained with: the configuration's, or what its sweep has chosen."""
    name = config["usecase"]
    case = catalog.usecase(name)
    run = get_step_context().pipeline_run
    version = enrol(
        case,
        Config.model_validate({**config, "params": params}),
        Judged(
            dataset_digest=dataset_digest,
            rows=len(checked),
            holdout=holdout,
            onnx=onnx,
            golden=Golden.parse(golden_set),
            curves=curves,
            summary=summary,
            metrics=metrics,
            answers=answers,
            decision=decision,
        ),
        mlflow_run=mlflow_run,
        zenml_run=str(run.id),
        home=home(),
    )
    if profile:
        profiles.keep(name, version, profile)
    if baseline:
        baselines.keep(name, version, baseline)
    log_metadata(
        {
            "usecase": name,
            "mlflow_run": mlflow_run,
            "model_version": version,
            "decision": decision.decision,
        },
        run_id_name_or_prefix=run.id,
    )
    progress.figure(f"v{version} {decision.decision}")
    return Registered(
        model_version=version,
        dataset_digest=dataset_digest,
        metrics=metrics,
        decision=decision,
    )
