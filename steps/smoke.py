"""The golden set, asked through the front door; a wrong answer brings the old model back."""

from typing import Annotated

from zenml import step

from kaizen.client import http_client
from kaizen.core import progress
from kaizen.core.errors import KaizenError
from kaizen.core.paths import home
from kaizen.registry import versions
from kaizen.rollout import deployments
from kaizen.rollout.deployments import Deployment


@step(enable_cache=False)
def smoke(usecase: str, deployment: Deployment) -> Annotated[int, "answers_checked"]:
    golden = versions.golden(usecase, deployment.version)
    try:
        http_client.smoke(deployment.url, golden, deployment.version)
    except KaizenError as error:
        raise deployments.undo(deployment, error, home(), on_promoted=versions.promote) from error
    progress.figure(f"{len(golden.requests)} golden answers through the router")
    return len(golden.requests)
