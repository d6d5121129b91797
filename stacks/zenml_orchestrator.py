"""A local ZenML orchestrator that runs independent steps side by side and says what happens.

ZenML 0.98: ``submit_pipeline`` gets the snapshot with the cached steps already pruned and in
topological order; ``launch_step`` runs one step in this thread and checks the cache again.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TYPE_CHECKING
from uuid import uuid4

from zenml.client import Client
from zenml.enums import ExecutionMode, ExecutionStatus
from zenml.execution.step.utils import launch_step
from zenml.orchestrators import (
    BaseOrchestrator,
    BaseOrchestratorConfig,
    BaseOrchestratorFlavor,
    SubmissionResult,
)
from zenml.orchestrators.publish_utils import (
    publish_pipeline_run_status_update,
    publish_stopped_step_run,
)
from zenml.utils.env_utils import temporary_environment

from kaizen import progress
from kaizen.errors import KaizenError
from kaizen.progress import StepEvent

if TYPE_CHECKING:
    from zenml.config.step_configurations import Step
    from zenml.models import PipelineRunResponse, PipelineSnapshotResponse
    from zenml.stack import Stack


MANY = 1000
"""More steps than a run has: ZenML lists in pages."""


class StepFailed(KaizenError):
    """A step raised. ``cause`` is what it raised."""

    def __init__(self, step: str, cause: BaseException) -> None:
        known = isinstance(cause, KaizenError)
        reason = str(cause) if known else f"{type(cause).__name__}: {cause}"
        super().__init__(f"step {step} failed: {reason}")
        self.step = step
        self.cause = cause


class ParallelOrchestratorConfig(BaseOrchestratorConfig):
    """Settings of the flavor: how many steps may run at once."""

    max_parallel: int = 8

    @property
    def is_local(self) -> bool:
        return True

    @property
    def is_synchronous(self) -> bool:
        return True


class ParallelOrchestrator(BaseOrchestrator):
    """Runs each step in a thread as soon as the steps before it are done."""

    _run_id: str | None = None

    @property
    def config(self) -> ParallelOrchestratorConfig:
        config: ParallelOrchestratorConfig = self._config
        return config

    @property
    def run_init_cleanup_at_step_level(self) -> bool:
        return False

    @property
    def supported_execution_modes(self) -> list[ExecutionMode]:
        return [ExecutionMode.FAIL_FAST, ExecutionMode.CONTINUE_ON_FAILURE]

    def get_orchestrator_run_id(self) -> str:
        if self._run_id is None:
            raise RuntimeError("no run is going on")
        return self._run_id

    def submit_pipeline(
        self,
        snapshot: PipelineSnapshotResponse,
        stack: Stack,
        base_environment: dict[str, str],
        step_environments: dict[str, dict[str, str]],
        placeholder_run: PipelineRunResponse | None = None,
    ) -> SubmissionResult | None:
        self._run_id = str(uuid4())
        _report_plan(snapshot, placeholder_run)
        try:
            with temporary_environment(base_environment):
                self._run_all(snapshot)
        except (KeyboardInterrupt, SystemExit):
            if placeholder_run is not None:
                _publish_stopped(placeholder_run)
            raise
        finally:
            self._run_id = None
        return None

    def _run_all(self, snapshot: PipelineSnapshotResponse) -> None:
        """Run every step once what it needs is done; raise the first failure at the end."""
        keep_going = snapshot.pipeline_configuration.execution_mode == (
            ExecutionMode.CONTINUE_ON_FAILURE
        )
        waiting: dict[str, Step] = dict(snapshot.step_configurations)
        running: dict[Future[None], str] = {}
        unfinished = set(waiting)
        failures: list[StepFailed] = []
        pool = ThreadPoolExecutor(self.config.max_parallel, "step")
        try:
            while waiting or running:
                if not failures or keep_going:
                    for name in _ready(waiting, unfinished):
                        step = waiting.pop(name)
                        context = copy_context()
                        future = pool.submit(context.run, self._run_one, snapshot, name, step)
                        running[future] = name
                if not running:
                    break
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    name = running.pop(future)
                    error = future.exception()
                    if error is None:
                        unfinished.discard(name)
                    elif isinstance(error, Exception):
                        failures.append(StepFailed(name, error))
                    else:
                        raise error
        finally:
            # Whoever stops the run does not wait for steps that cannot be interrupted.
            pool.shutdown(wait=False, cancel_futures=True)
        for name in waiting:
            progress.report(StepEvent(name, "skipped"))
        if failures:
            raise failures[0] from failures[0].cause

    def _run_one(self, snapshot: PipelineSnapshotResponse, name: str, step: Step) -> None:
        begun = time.monotonic()
        progress.report(StepEvent(name, "running"))
        try:
            with progress.inside(name):
                result = launch_step(
                    snapshot=snapshot,
                    step=step,
                    orchestrator_run_id=self.get_orchestrator_run_id(),
                    retry=True,
                )
        except BaseException:
            progress.report(StepEvent(name, "failed", time.monotonic() - begun))
            raise
        cached = result.status == ExecutionStatus.CACHED
        state: progress.State = "cached" if cached else "done"
        progress.report(StepEvent(name, state, time.monotonic() - begun))


def _ready(waiting: dict[str, Step], unfinished: set[str]) -> list[str]:
    return [
        name
        for name, step in waiting.items()
        if not unfinished.intersection(step.spec.upstream_steps)
    ]


def _report_plan(snapshot: PipelineSnapshotResponse, run: PipelineRunResponse | None) -> None:
    """Name every step first, in order, the cached ones as such."""
    names = [spec.invocation_id for spec in snapshot.pipeline_spec.steps]
    for name in names:
        progress.report(StepEvent(name, "planned"))
    if run is None:
        return
    for step in Client().list_run_steps(pipeline_run_id=run.id, size=MANY):
        if step.status == ExecutionStatus.CACHED:
            progress.report(StepEvent(step.name, "cached", 0.0))


def _publish_stopped(run: PipelineRunResponse) -> None:
    """Record the run, and the steps it was in, as stopped."""
    for step in Client().list_run_steps(pipeline_run_id=run.id, size=MANY):
        if not step.status.is_finished:
            publish_stopped_step_run(step.id)
    publish_pipeline_run_status_update(run.id, ExecutionStatus.STOPPED, "stopped by the user")


class ParallelOrchestratorFlavor(BaseOrchestratorFlavor):
    """ZenML's handle on the orchestrator."""

    @property
    def name(self) -> str:
        return "parallel"

    @property
    def config_class(self) -> type[BaseOrchestratorConfig]:
        return ParallelOrchestratorConfig

    @property
    def implementation_class(self) -> type[BaseOrchestrator]:
        return ParallelOrchestrator
