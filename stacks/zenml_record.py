"""What ZenML's store is told of steps that could not speak for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.exceptions import IllegalOperationError
from zenml.models import ExceptionInfo
from zenml.orchestrators.publish_utils import (
    publish_pipeline_run_status_update,
    publish_step_run_status_update,
)

if TYPE_CHECKING:
    from uuid import UUID

    from zenml.models import PipelineRunResponse, StepRunResponse

MANY = 1000
"""More steps than a run has: ZenML lists in pages."""
BY_USER = "stopped by the user"


def steps(run: UUID) -> list[StepRunResponse]:
    """Every attempt at every step of the run."""
    return list(Client().list_run_steps(pipeline_run_id=run, size=MANY).items)


def unfinished(run: UUID, name: str | None = None) -> list[StepRunResponse]:
    """Steps of the run that are still open; with ``name`` those of one step."""
    return [
        step for step in steps(run) if not step.status.is_finished and name in {None, step.name}
    ]


def failed(run: UUID, name: str, reason: str) -> None:
    """The step's open attempt has failed (where a retry is left, ZenML makes that: retrying)."""
    info = ExceptionInfo(traceback=reason, message=reason)
    for step in unfinished(run, name):
        if step.status != ExecutionStatus.RETRYING:
            _step(step, ExecutionStatus.FAILED, info)


def stopping(run: UUID) -> None:
    """The run is about to be stopped: what its steps still report is no failure."""
    _run(run, ExecutionStatus.STOPPING, BY_USER)


def stopped(run: UUID, name: str | None = None, reason: str = BY_USER) -> None:
    """Open steps were stopped, and without ``name`` the run with them."""
    for step in unfinished(run, name):
        _step(step, ExecutionStatus.STOPPED)
    if name is None:
        _run(run, ExecutionStatus.STOPPED, reason)


def end_if_unfinished(run: PipelineRunResponse) -> None:
    """The process of the run is gone: open steps and the run were stopped, if it had not ended."""
    if not run.status.is_finished:
        stopped(run.id, reason="its process ended")


def _step(
    step: StepRunResponse, status: ExecutionStatus, info: ExceptionInfo | None = None
) -> None:
    try:
        publish_step_run_status_update(step.id, status, exception_info=info)
    except IllegalOperationError:
        return  # It ended by itself in between, and said so.


def _run(run: UUID, status: ExecutionStatus, reason: str) -> None:
    try:
        publish_pipeline_run_status_update(run, status, reason)
    except IllegalOperationError:
        return  # A failed run stays failed.
