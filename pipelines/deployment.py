"""A promoted version to a served one."""

from typing import Any

from zenml import pipeline

from steps.deploy import deploy
from steps.package import package
from steps.smoke import smoke


@pipeline(name="deployment")
def deployment(
    usecase: str,
    version: str,
    rule: dict[str, Any],
    rollout: dict[str, Any],
    events: dict[str, Any],
) -> None:
    """How the model is served, how it takes over, and what is kept of its events."""
    release = package(usecase, version, rule, events)
    live = deploy(usecase, release, rule, rollout)
    smoke(usecase, live)
