"""The end of runs whose process is gone."""

from __future__ import annotations

from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.models import PipelineRunResponse
from zenml.orchestrators.publish_utils import (
    publish_pipeline_run_status_update,
    publish_stopped_step_run,
)

MANY = 1000
"""More steps than a run has: ZenML lists in pages."""


def end_if_unfinished(run: PipelineRunResponse, reason: str = "its process ended") -> None:
    """Record the run, and the steps it was in, as stopped. Nothing happens to a finished one."""
    if run.status.is_finished:
        return
    for step in Client().list_run_steps(pipeline_run_id=run.id, size=MANY):
        if not step.status.is_finished:
            publish_stopped_step_run(step.id)
    publish_pipeline_run_status_update(run.id, ExecutionStatus.STOPPED, reason)
