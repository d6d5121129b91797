"""What ``kaizen run`` would do, without doing it."""

from __future__ import annotations

from kaizen.core import catalog, project
from kaizen.core.config import Config
from kaizen.evaluation import scores
from kaizen.orchestration.plan import Planned
from kaizen.orchestration.plan import plan as plan_pipeline
from kaizen.orchestration.start import activate
from kaizen.registry import versions
from kaizen.workflows import history


def plan(config: Config, *, stack: str = "local") -> list[Planned]:
    """The training steps in order, each with whether it would run and why.

    Raises:
        UsageError: no such stack, or the gate cannot judge by its rule.
    """
    case = catalog.usecase(config.usecase)
    scores.check(config.gate, case.task)
    activate(stack)
    champion = versions.champion(config.usecase)
    training = project.current().pipeline("training")
    training.prepare(
        config.record(),
        case.fingerprint(config.data),
        champion.version if champion else "",
        mlflow_run="",
    )
    last = history.newest(config.usecase)
    return plan_pipeline(training, last.response.steps if last else {})
