"""A local ZenML orchestrator: independent steps side by side, heavy ones in processes.

ZenML 0.98: ``submit_pipeline`` gets the snapshot with the cached steps already pruned and in
topological order; ``launch_step`` runs one step where it is called and checks the cache again.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import PositiveInt
from zenml.enums import ExecutionMode, ExecutionStatus
from zenml.execution.context import setup_execution_context
from zenml.orchestrators import (
    BaseOrchestrator,
    BaseOrchestratorConfig,
    BaseOrchestratorFlavor,
    SubmissionResult,
)

from kaizen.core import progress
from kaizen.core.progress import StepEvent
from kaizen.orchestration import ast_lock, record
from kaizen.orchestration.attempts import Job
from kaizen.orchestration.run import Run
from kaizen.orchestration.step_settings import ParallelSettings

if TYPE_CHECKING:
    from uuid import UUID

    from zenml.config.base_settings import BaseSettings
    from zenml.models import PipelineRunResponse, PipelineSnapshotResponse
    from zenml.stack import Stack

ast_lock.hold()  # ZenML loads this module before it compiles or runs a step on our stack.

_run_key: ContextVar[str | None] = ContextVar("run_key", default=None)
"""ZenML shares one orchestrator between the threads of a process: a run is known by context."""


class ParallelOrchestratorConfig(BaseOrchestratorConfig, ParallelSettings):
    """Settings of the flavor.

    Attributes:
        max_parallel: how many steps may run at once.
        max_heavy: how many heavy ones among them; None for one a core.
    """

    max_parallel: PositiveInt = 8
    max_heavy: PositiveInt | None = None

    @property
    def is_local(self) -> bool:
        return True

    @property
    def is_synchronous(self) -> bool:
        return True


class ParallelOrchestrator(BaseOrchestrator):
    """Runs each step as soon as the steps before it are done."""

    @property
    def config(self) -> ParallelOrchestratorConfig:
        config: ParallelOrchestratorConfig = self._config
        return config

    @property
    def run_init_cleanup_at_step_level(self) -> bool:
        return False

    @property
    def settings_class(self) -> type[BaseSettings]:
        return ParallelSettings

    @property
    def supported_execution_modes(self) -> list[ExecutionMode]:
        return list(ExecutionMode)

    def get_orchestrator_run_id(self) -> str:
        key = _run_key.get()
        if key is None:
            raise RuntimeError("no run is going on")
        return key

    def submit_pipeline(
        self,
        snapshot: PipelineSnapshotResponse,
        stack: Stack,
        base_environment: dict[str, str],
        step_environments: dict[str, dict[str, str]],
        placeholder_run: PipelineRunResponse | None = None,
    ) -> SubmissionResult | None:
        """Run the whole pipeline.

        Raises:
            StepFailed: the first step that failed; notes name the others.
            RuntimeError: ZenML gave no run to record in.
        """
        if placeholder_run is None:
            raise RuntimeError("no run to record in: schedules are not supported here")
        token = _run_key.set(str(uuid4()))
        try:
            _report_plan(snapshot, placeholder_run.id)
            jobs = {
                name: self._job(snapshot, name, step_environments[name], placeholder_run.id)
                for name in snapshot.step_configurations
            }
            mode = snapshot.pipeline_configuration.execution_mode
            config = self.config
            heavy = config.max_heavy or len(os.sched_getaffinity(0))
            self.run_init_hook(snapshot)
            try:
                # What one step has read or made of the run's record, the next need not ask for.
                with setup_execution_context(placeholder_run):
                    Run(jobs, mode, config.max_parallel, heavy).execute()
            finally:
                self.run_cleanup_hook(snapshot)
        finally:
            _run_key.reset(token)
        return None

    def _job(
        self,
        snapshot: PipelineSnapshotResponse,
        name: str,
        environment: dict[str, str],
        run: UUID,
    ) -> Job:
        step = snapshot.step_configurations[name]
        settings = ParallelSettings.model_validate(self.get_settings(step).model_dump())
        key = self.get_orchestrator_run_id()
        return Job(name, step, settings, environment, snapshot, key, run)


def _report_plan(snapshot: PipelineSnapshotResponse, run: UUID) -> None:
    """Name every step first, in order, the cached ones as such."""
    for spec in snapshot.pipeline_spec.steps:
        progress.report(StepEvent(spec.invocation_id, "planned"))
    for step in record.steps(run):
        if step.status == ExecutionStatus.CACHED:
            progress.report(StepEvent(step.name, "cached", 0.0))


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
