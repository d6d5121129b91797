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
    """``rule``: how the model is served, ``rollout``: how it takes over, ``events``: what is kept."""
    release = package(usecase, version, rule, events)
    live = deploy(usecase, release, rule, rollout)
    smoke(usecase, live)
