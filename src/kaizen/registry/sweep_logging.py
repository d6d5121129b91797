"""A sweep in MLflow: its candidates are children of the run, its choice is the run's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlflow.entities import Metric
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from kaizen.core import candidates
from kaizen.core.results import Candidate, Sweep
from kaizen.registry import store, tracking

LONGEST_NAME = 250


def children(run_id: str, usecase: str, sweep: Sweep) -> None:
    """Write each candidate as a child of the run: finished, or failed with its reason.

    It has the times at which it was tried, which may be those of an earlier run.
    """
    experiment = store.client().get_run(run_id).info.experiment_id
    for candidate in sweep.candidates:
        _child(run_id, experiment, usecase, candidate)


def chosen(run_id: str, params: Mapping[str, Any], sweep: Sweep) -> None:
    """Write what a sweep has chosen into its run: the parameters, and of what they are the best."""
    tracking.parameters(run_id, {"params": params})
    tracking.tag(
        run_id,
        **{
            "sweep.best": candidates.in_words(sweep.best.params),
            "sweep.candidates": str(len(sweep.candidates)),
            "sweep.failed": "; ".join(candidates.in_words(one.params) for one in sweep.failed),
        },
    )


def _child(parent: str, experiment: str, usecase: str, candidate: Candidate) -> None:
    mlflow = store.client()
    name = candidates.in_words(candidate.params)
    begun = int(candidate.begun * 1000)
    end = begun + int(candidate.seconds * 1000)
    tags = {
        MLFLOW_PARENT_RUN_ID: parent,
        tracking.USECASE: usecase,
        "candidate": name,
        "rank": str(candidate.rank or ""),
        "best": str(candidate.rank == 1).lower(),
        "reason": candidate.reason or "",
        **tracking.commit_tags(),
    }
    figures = {
        **candidate.metrics,
        **{f"error.{metric}": value for metric, value in candidate.errors.items()},
        "seconds": candidate.seconds,
    }
    run = mlflow.create_run(experiment, begun, tags, name[:LONGEST_NAME]).info.run_id
    tracking.parameters(run, {"params": candidate.params})
    mlflow.log_batch(run, [Metric(key, value, end, 0) for key, value in figures.items()])
    mlflow.set_terminated(run, "FAILED" if candidate.reason else "FINISHED", end)
