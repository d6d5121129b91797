"""The main job: configuration, the two pipelines, and one result."""

from __future__ import annotations

import time

from kaizen import catalog
from kaizen.config import Config, load
from kaizen.errors import KaizenError
from kaizen.paths import home
from kaizen.results import RunResult
from pipelines.deployment import deployment as deployment_pipeline
from pipelines.training import training
from registry import scores, tracking, versions
from rollout import deployments
from rollout.deployments import Deployment
from stacks.zenml_start import activate


def run(config: Config, *, stack: str = "local", deploy: bool = True) -> RunResult:
    """Train a challenger, judge it, and serve it when it is promoted and ``deploy`` is set.

    A refused challenger leaves what is served as it is; what should be served and is down is
    brought up.

    Raises:
        UsageError: no such stack.
        KaizenError: a step failed; the message names step and reason.
    """
    begun = time.monotonic()
    name = config.usecase
    scores.check(config.gate, catalog.usecase(name).task)
    activate(stack)
    result = _train(config, stack)
    url = None
    if deploy:
        live = (
            _deploy(config, result.model_version)
            if result.decision == "promoted"
            else deployments.ensure(name, home(), follow=versions.promote)
        )
        url = live.url if live else None
    return result.model_copy(update={"url": url, "seconds": round(time.monotonic() - begun, 2)})


def deploy(name: str, ref: str | None = None, *, stack: str = "local") -> Deployment:
    """Serve a registered version: ``ref``, or the promoted challenger, or the champion.

    Raises:
        UsageError: no such use case, version or alias.
        KaizenError: the gate has refused the version, or it did not pass its golden set.
    """
    config = load(name)
    chosen = versions.get(name, ref) if ref else versions.to_deploy(name)
    if chosen.tags.get("decision") != "promoted":
        raise KaizenError(
            f"{name} v{chosen.version} is not promoted: {chosen.tags.get('reason', 'no decision')}"
        )
    activate(stack)
    return _deploy(config, chosen.version)


def _train(config: Config, stack: str) -> RunResult:
    case = catalog.usecase(config.usecase)
    champion = versions.champion(config.usecase)
    record = config.record()
    mlflow_run = tracking.start(config.usecase, record, {"stack": stack})
    try:
        made = training.with_options(run_name=f"{config.usecase}-training-{{date}}-{{time}}")(
            record, case.fingerprint(config.data), champion.version if champion else "", mlflow_run
        )
    except BaseException as error:
        tracking.fail(mlflow_run, str(error))
        raise
    steps = made.steps
    decision = steps["compare"].outputs["decision"][0].load()
    return RunResult(
        usecase=config.usecase,
        stack=stack,
        run_id=str(made.id),
        dataset_digest=steps["validate"].outputs["dataset_digest"][0].load(),
        metrics=steps["evaluate"].outputs["metrics"][0].load(),
        decision=decision.decision,
        reason=decision.reason,
        model_version=steps["register"].outputs["version"][0].load(),
        url=None,
        seconds=0.0,
    )


def _deploy(config: Config, version: str) -> Deployment:
    name = config.usecase
    made = deployment_pipeline.with_options(run_name=f"{name}-deployment-{{date}}-{{time}}")(
        name, version, config.serving.model_dump(mode="json")
    )
    live: Deployment = made.steps["deploy"].outputs["deployment"][0].load()
    return live
