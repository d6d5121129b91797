"""The main job: configuration, the two pipelines, and one result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from zenml.models import PipelineRunResponse

from kaizen.core import catalog, locks, project
from kaizen.core.config import Config, load
from kaizen.core.errors import KaizenError
from kaizen.core.paths import home
from kaizen.core.results import Choice, Registered, RunResult
from kaizen.evaluation import scores, sweep
from kaizen.orchestration import outputs, step_zygote
from kaizen.orchestration.record import end_if_unfinished
from kaizen.orchestration.start import activate
from kaizen.registry import tracking, versions
from kaizen.rollout import deployments
from kaizen.rollout.deployments import Deployment
from kaizen.workflows import history
from kaizen.workflows.tracking import lock, named, recorded


def run(config: Config, *, stack: str = "local", deploy: bool = True) -> RunResult:
    """Train a challenger, judge it, and serve it when it is promoted and ``deploy`` is set.

    A refused challenger leaves what is served as it is; what should be served and is down is
    brought up.

    Raises:
        UsageError: no such stack.
        KaizenError: a step failed; the message names step and reason.
    """
    begun = time.monotonic()
    catalog.check_libraries(config.usecase)
    step_zygote.ahead()
    case = catalog.usecase(config.usecase)
    scores.check(config.gate, case.task)
    sweep.rule(case, config)
    activate(stack)
    result = _train(config, stack, {"deploy": str(deploy).lower()})
    return _served(config, result, begun) if deploy else _timed(result, begun)


def resume(ref: str, *, stack: str = "local") -> RunResult:
    """Go on with a run that failed or was killed, from the step where it ended.

    Steps that had finished come from the cache unless their code or their input has changed
    since. A run that had trained and was to be served goes on with its deployment.

    Args:
        ref: a run's id or the beginning of it, or a use case for its newest run.

    Raises:
        UsageError: there is no such run.
        KaizenError: it is still going on, or there is nothing left to do.
    """
    begun = time.monotonic()
    step_zygote.ahead()
    activate(stack)
    past = history.find(ref)
    name = past.config.usecase
    if locks.is_held(lock(past.mlflow_run)):
        raise KaizenError(f"run {past.id} of {name} is still going on: nothing to resume")
    deploy = tracking.tags(past.mlflow_run).get("deploy") == "true"
    if not past.completed:
        catalog.check_libraries(name)
        end_if_unfinished(past.response)
        result = _train(past.config, stack, {"deploy": str(deploy).lower(), "resumes": past.id})
        return _served(past.config, result, begun) if deploy else _timed(result, begun)
    result = _result(past.response, past.config, stack)
    champion = versions.champion(name)
    served = champion is not None and champion.version == result.model_version
    if not deploy or result.decision == "refused" or served:
        raise KaizenError(f"run {past.id} of {name} is complete: nothing to resume")
    return _served(past.config, result, begun)


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


def _train(config: Config, stack: str, tags: dict[str, str]) -> RunResult:
    case = catalog.usecase(config.usecase)
    champion = versions.champion(config.usecase)
    record = config.record()
    with recorded(config, {"stack": stack, **tags}) as mlflow_run:
        made = named(project.current().pipeline("training"), config)(
            record,
            case.fingerprint(config.data),
            champion.version if champion else "",
            mlflow_run,
        )
    return _result(made, config, stack)


def _result(made: PipelineRunResponse, config: Config, stack: str) -> RunResult:
    """What a completed training run ended with."""
    registered = outputs.load(made, Registered)
    return RunResult(
        usecase=config.usecase,
        stack=stack,
        run_id=str(made.id),
        dataset_digest=registered.dataset_digest,
        metrics=registered.metrics,
        decision=registered.decision.decision,
        reason=registered.decision.reason,
        model_version=registered.model_version,
        url=None,
        seconds=0.0,
        sweep=outputs.load(made, Choice).sweep if config.sweep else None,
    )


def _served(config: Config, result: RunResult, begun: float) -> RunResult:
    """Serve a promoted version; after a refusal see that what should be served is."""
    if result.decision == "promoted":
        live: Deployment | None = _deploy(config, result.model_version)
    else:
        live = deployments.ensure(config.usecase, home(), on_promoted=versions.promote)
    return _timed(result.model_copy(update={"url": live.url if live else None}), begun)


def _timed(result: RunResult, begun: float) -> RunResult:
    return result.model_copy(update={"seconds": round(time.monotonic() - begun, 2)})


def _deploy(config: Config, version: str) -> Deployment:
    name = config.usecase
    pipeline = project.current().pipeline("deployment")
    with _under_way():
        made = pipeline.with_options(run_name=f"{name}-deployment-{{date}}-{{time}}")(
            name,
            version,
            config.serving.model_dump(mode="json"),
            config.rollout.model_dump(mode="json"),
            config.events.model_dump(mode="json"),
        )
    return outputs.load(made, Deployment)


@contextmanager
def _under_way() -> Iterator[None]:
    """A lock of its own, so that `kaizen gc` sees that somebody is at work."""
    path = home().runs / f"deployment-{uuid4().hex}.lock"
    with locks.held(path):
        yield
    path.unlink(missing_ok=True)
