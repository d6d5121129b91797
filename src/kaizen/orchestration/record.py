"""What ZenML's store is told of steps that could not speak for themselves."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.exceptions import EntityExistsError, IllegalOperationError
from zenml.models import ExceptionInfo, StepRunRequest
from zenml.orchestrators.publish_utils import (
    publish_pipeline_run_status_update,
    publish_step_run_status_update,
)
from zenml.utils.time_utils import utc_now

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


def failed(run: UUID, name: str, reason: str, attempt: int) -> None:
    """The step's open attempt has failed (where a retry is left, ZenML makes that: retrying).

    One that ended before it had a record gets one: else the run fails, and nothing in it has.

    Args:
        run: ZenML's run.
        name: of the step.
        reason: what is said of the failure.
        attempt: which one this was, the first being 1.
    """
    info = ExceptionInfo(traceback=reason, message=reason)
    if sum(step.name == name for step in steps(run)) < attempt:
        _unrecorded(run, name, info)
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


def _unrecorded(run: UUID, name: str, info: ExceptionInfo) -> None:
    client, now = Client(), utc_now()
    with suppress(
        EntityExistsError,  # A light step that nobody waits for any more has just begun: it is open
        IllegalOperationError,  # The run has failed or was stopped: ZenML takes no more steps in it
    ):
        client.zen_store.create_run_step(
            StepRunRequest(
                name=name,
                pipeline_run_id=run,
                project=client.active_project.id,
                status=ExecutionStatus.FAILED,
                start_time=now,
                end_time=now,
                exception_info=info,
            )
        )


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
