"""The Bento goes live: staging, golden set, router, and the champion's name."""

from typing import Annotated, Any

from zenml import step

from kaizen.core import progress
from kaizen.core.paths import home
from kaizen.core.results import Release
from kaizen.core.settings import RolloutRule, ServingRule
from kaizen.registry import versions
from kaizen.rollout import deployments
from kaizen.rollout.deployments import Deployment
from kaizen.server.command import processes


@step(enable_cache=False)
def deploy(
    usecase: str, release: Release, rule: dict[str, Any], rollout: dict[str, Any]
) -> Annotated[Deployment, "deployment"]:
    deployment = deployments.deploy(
        release,
        workers=processes(ServingRule.model_validate(rule).workers),
        golden=versions.golden(usecase, release.version),
        home=home(),
        on_promoted=versions.promote,
        report=progress.figure,
        rule=RolloutRule.model_validate(rollout),
    )
    progress.figure(f"v{deployment.version} live at {deployment.url}")
    return deployment
