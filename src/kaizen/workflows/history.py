"""Past training runs, as ZenML recorded them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.models import PipelineRunResponse

from kaizen.core import catalog
from kaizen.core.config import Config, restore
from kaizen.core.errors import unknown

NEWEST = "desc:created"
SHOWN = 50
"""How many run ids are offered when one is not known."""


@dataclass(frozen=True)
class Past:
    """One training run: what it was asked to do and how far it came."""

    id: str
    status: ExecutionStatus
    config: Config
    mlflow_run: str
    response: PipelineRunResponse

    @property
    def completed(self) -> bool:
        return self.status == ExecutionStatus.COMPLETED


def find(ref: str) -> Past:
    """The training run with id (or the beginning of one) ``ref``, or the newest of a use case.

    Raises:
        UsageError: there is none, or several ids begin like that.
    """
    if ref in catalog.names() and (past := newest(ref)):
        return past
    runs = Client().list_pipeline_runs(pipeline="training", sort_by=NEWEST, size=SHOWN).items
    matching = [run for run in runs if str(run.id).startswith(ref)]
    if len(matching) != 1:
        raise unknown("run", ref, [str(run.id) for run in runs])
    return _past(matching[0])


def newest(usecase: str) -> Past | None:
    """The newest training run of a use case."""
    runs = Client().list_pipeline_runs(pipeline="training", sort_by=NEWEST, size=SHOWN).items
    mine = [run for run in runs if _parameters(run)["config"]["usecase"] == usecase]
    return _past(mine[0]) if mine else None


def _past(run: PipelineRunResponse) -> Past:
    parameters = _parameters(run)
    return Past(
        id=str(run.id),
        status=run.status,
        config=restore(parameters["config"]),
        mlflow_run=parameters["mlflow_run"],
        response=run,
    )


def _parameters(run: PipelineRunResponse) -> dict[str, Any]:
    return run.config.parameters or {}
