"""Windows judged as they close, single rows looked at as they come, and people told in time."""

from __future__ import annotations

import time
from collections.abc import Callable

from kaizen.monitoring import MonitoringRule
from kaizen.paths import home
from monitoring.alerts import manage, server
from monitoring.watch import live
from monitoring.watch.assessment import Assessment
from monitoring.watch.window import Window
from pipelines.watch import Watch, alone
from registry import champions
from stacks import zenml_zygote
from stacks.zenml_start import activate

EVERY_S = 0.5
"""How often the log is looked at."""

TICK_S = 5.0
"""How often what time brings is looked at: silence, groups of alerts, retries, nightly reports."""


def follow(
    usecase: str,
    version: str | None,
    rule: MonitoringRule,
    *,
    stack: str = "local",
    told: Callable[[Assessment], None],
    ended: Callable[[], bool] = lambda: False,
) -> None:
    """Watch ``usecase`` until ``ended``, or until interrupted.

    Args:
        version: a version or alias; None for whatever is champion, also after it changes.
        told: gets each assessment.

    Raises:
        UsageError: no such version or stack.
        KaizenError: somebody else watches it, there is nothing to compare with, or a step failed.
    """
    with alone(usecase), server.serving(home()):
        zenml_zygote.ahead()
        activate(stack)
        watch, ticked = Watch(usecase, version, rule), 0.0
        while not ended():
            if version is None and _champion(usecase) not in (None, watch.version):
                watch = Watch(usecase, None, rule)
            for assessment in watch.due():
                told(assessment)
            if (early := look.early()) is not None:
                told(early)
            if time.monotonic() - ticked > TICK_S:
                _tick(watch)
                ticked = time.monotonic()
            time.sleep(EVERY_S)
