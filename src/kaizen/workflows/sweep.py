"""Candidates tried and compared, no model version made."""

from __future__ import annotations

import time
from typing import Any

from zenml import pipeline

from kaizen.core import candidates, catalog
from kaizen.core.config import Config
from kaizen.core.results import SweepResult
from kaizen.evaluation import sweep
from kaizen.orchestration import step_zygote
from kaizen.orchestration.start import activate
from kaizen.registry import tracking
from kaizen.workflows.tracking import named, recorded
from pipelines.shared import chosen, data


@pipeline(name="sweep")
def sweeping(config: dict[str, Any], fingerprint: str, mlflow_run: str) -> None:
    """``config`` is the effective configuration."""
    chosen(config, mlflow_run, data(config, fingerprint))


def run(config: Config, *, stack: str = "local") -> SweepResult:
    """Try every candidate of the configuration's sweep and rank them.

    Raises:
        UsageError: there is no sweep in the configuration, no such metric, or no such stack.
        KaizenError: every candidate failed, or another step did; the message says why.
    """
    begun = time.monotonic()
    if config.sweep is None:
        raise candidates.missing(config.usecase)
    step_zygote.ahead()
    case = catalog.usecase(config.usecase)
    sweep.rule(case, config)
    activate(stack)
    with recorded(config, {"stack": stack, "kind": "sweep"}) as mlflow_run:
        made = named(sweeping, config)(config.record(), case.fingerprint(config.data), mlflow_run)
        digest = made.steps["validate"].outputs["dataset_digest"][0].load()
        outputs = made.steps["choose"].outputs
        tracking.done(mlflow_run, zenml_run=str(made.id), dataset_digest=digest)
    return SweepResult(
        usecase=config.usecase,
        stack=stack,
        run_id=str(made.id),
        mlflow_run=mlflow_run,
        dataset_digest=digest,
        params=outputs["params"][0].load(),
        sweep=outputs["sweep"][0].load(),
        seconds=round(time.monotonic() - begun, 2),
    )
