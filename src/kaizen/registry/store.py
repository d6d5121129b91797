"""The MLflow store: one client, never MLflow's process-wide state.

Threads and ZenML's tracker change MLflow's global address; whoever asks here is not touched.
"""

from __future__ import annotations

import os
from functools import cache

from mlflow import MlflowClient
from mlflow.entities import LifecycleStage
from mlflow.exceptions import MlflowException

from kaizen.core.paths import home


def uri() -> str:
    """Address of the store: ``MLFLOW_TRACKING_URI`` when set, else SQLite in the state folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or home().mlflow_uri


def client() -> MlflowClient:
    """The client of this process's store; the store is made on first use (some seconds)."""
    if uri() == home().mlflow_uri:
        home().mlflow.mkdir(parents=True, exist_ok=True)
    return _client(uri())


@cache
def _client(address: str) -> MlflowClient:
    return MlflowClient(tracking_uri=address, registry_uri=address)


def experiment(usecase: str) -> str:
    """Id of the experiment that holds the use case's runs; made when it is not there.

    ``MLFLOW_EXPERIMENT_ID`` wins when set. An experiment deleted in MLflow is restored: a run
    that belongs to it is about to be written.
    """
    if given := os.environ.get("MLFLOW_EXPERIMENT_ID"):
        return given
    mlflow = client()
    found = mlflow.get_experiment_by_name(usecase)
    if found is None:
        try:
            return mlflow.create_experiment(usecase, artifact_location=_artifacts(usecase))
        except MlflowException as error:
            # Another process may have been first.
            found = mlflow.get_experiment_by_name(usecase)
            if found is None:
                raise error
    if found.lifecycle_stage == LifecycleStage.DELETED:
        mlflow.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _artifacts(usecase: str) -> str | None:
    """Where files go; a tracking server decides for itself."""
    if uri().startswith(("http://", "https://")):
        return None
    return str(home().mlflow / "artifacts" / usecase)
