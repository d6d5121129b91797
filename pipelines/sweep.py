"""Candidates tried and compared, no model version made."""

from typing import Any

from zenml import pipeline

from pipelines.shared import chosen, data


@pipeline(name="sweep")
def sweep(config: dict[str, Any], fingerprint: str, mlflow_run: str) -> None:
    """``config`` is the effective configuration."""
    chosen(config, mlflow_run, data(config, fingerprint))
