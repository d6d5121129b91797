"""A pipeline run and the MLflow run that records it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zenml.enums import ExecutionMode

from kaizen.core import locks
from kaizen.core.config import Config
from kaizen.core.paths import home
from kaizen.registry import tracking


@contextmanager
def recorded(config: Config, tags: Mapping[str, str]) -> Iterator[str]:
    """Open the MLflow run of what happens inside; what is raised there closes it as failed."""
    mlflow_run = tracking.start(config.usecase, config.record(), tags)
    try:
        # The system frees the lock of a run that is killed: that is how one knows.
        with locks.held(lock(mlflow_run)):
            yield mlflow_run
    except BaseException as error:
        tracking.fail(mlflow_run, str(error))
        raise


def named(pipeline: Any, config: Config) -> Any:
    """``pipeline`` with the use case in its run's name.

    The candidates of a sweep go on when the process of one was killed: a later run takes what
    they found from the cache.
    """
    mode = ExecutionMode.CONTINUE_ON_FAILURE if config.sweep else None
    name = f"{config.usecase}-{pipeline.name}-{{date}}-{{time}}"
    return pipeline.with_options(run_name=name, execution_mode=mode)


def lock(mlflow_run: str) -> Path:
    """Held as long as the run is going on."""
    return home().runs / f"{mlflow_run}.lock"
