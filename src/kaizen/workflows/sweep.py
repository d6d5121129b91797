"""Candidates tried and compared, no model version made."""

from __future__ import annotations

import time

from kaizen.core import candidates, catalog, project
from kaizen.core.config import Config
from kaizen.core.results import Choice, SweepResult
from kaizen.evaluation import sweep
from kaizen.orchestration import outputs, step_zygote
from kaizen.orchestration.start import activate
from kaizen.registry import tracking
from kaizen.workflows.tracking import named, recorded


def run(config: Config, *, stack: str = "local") -> SweepResult:
    """Try every candidate of the configuration's sweep and rank them.

    Raises:
        UsageError: there is no sweep in the configuration, no such metric, or no such stack.
        KaizenError: every candidate failed, or another step did; the message says why.
    """
    begun = time.monotonic()
    if config.sweep is None:
        raise candidates.missing(config.usecase)
    catalog.check_libraries(config.usecase)
    step_zygote.ahead()
    case = catalog.usecase(config.usecase)
    sweep.rule(case, config)
    activate(stack)
    with recorded(config, {"stack": stack, "kind": "sweep"}) as mlflow_run:
        pipeline = named(project.current().pipeline("sweep"), config)
        made = pipeline(config.record(), case.fingerprint(config.data), mlflow_run)
        choice = outputs.load(made, Choice)
        tracking.done(mlflow_run, zenml_run=str(made.id), dataset_digest=choice.dataset_digest)
    return SweepResult(
        usecase=config.usecase,
        stack=stack,
        run_id=str(made.id),
        mlflow_run=mlflow_run,
        dataset_digest=choice.dataset_digest,
        params=choice.params,
        sweep=choice.sweep,
        seconds=round(time.monotonic() - begun, 2),
    )
