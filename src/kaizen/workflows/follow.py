"""Windows judged as they close, single rows looked at as they come, and people told in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from kaizen.core import catalog
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.paths import home
from kaizen.monitoring import maintenance
from kaizen.monitoring.alerts.gauges import figures
from kaizen.monitoring.alerts.metrics_server import Server
from kaizen.monitoring.windows.assessment import Assessment
from kaizen.monitoring.windows.live import Live
from kaizen.monitoring.windows.window import Window
from kaizen.orchestration import step_zygote
from kaizen.orchestration.start import activate
from kaizen.registry import champions
from kaizen.workflows import reports
from kaizen.workflows.report_queue import Drawing
from kaizen.workflows.watch import Watch, alone

EVERY_S = 0.5
"""How often the log is looked at."""

TICK_S = 5.0
"""How often what time brings is looked at: silence, groups of alerts, retries, nightly reports."""


class Early:
    """Judges what is there of a window when single rows alarm, once for each window."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._live = Live(
            catalog.features(watch.usecase), watch.profile, watch.folder, watch.version
        )
        self._warned: int | None = None

    def look(self) -> Assessment | None:
        """The assessment of what there is, None where no row was odd enough."""
        evidence = self._live.look()
        if evidence is None:
            return None
        part = self._watch.next(partial=True)
        if not isinstance(part, Window) or part.number == self._warned:
            return None
        self._warned = part.number
        return self._watch.judge(part, evidence)


def follow(
    usecase: str,
    version: str | None,
    rule: MonitoringRule,
    *,
    stack: str = "local",
    told: Callable[[Assessment], None],
    begun: Callable[[str], None] = lambda _: None,
) -> None:
    """Watch ``usecase`` until interrupted.

    Args:
        version: a version or alias; None for whatever is champion, also after it changes.
        told: gets each assessment.
        begun: gets the address of the metrics.

    Raises:
        UsageError: no such version or stack.
        KaizenError: somebody else watches it, there is nothing to compare with, or a step failed.
    """
    drawing = Drawing(home().logs / f"reports-{usecase}.log")

    def tell(assessment: Assessment) -> None:
        told(assessment)
        if assessment.alarms and not assessment.report:
            drawing.add(usecase, assessment.window.name)

    with (
        alone(usecase),
        Server(lambda: figures(home(), time.time())) as server,
        closing(drawing),
    ):
        step_zygote.ahead()
        activate(stack)
        watch, ticked, drawn = Watch(usecase, version, rule), 0.0, None
        early = Early(watch)
        begun(server.url)
        while True:
            if version is None and _champion(usecase) not in (None, watch.version):
                watch = Watch(usecase, None, rule)
                early = Early(watch)
            for assessment in watch.due():
                tell(assessment)
            if (warning := early.look()) is not None:
                tell(warning)
            if time.monotonic() - ticked > TICK_S:
                maintenance.tick(home(), usecase, rule.alerts, time.time())
                night = reports.due(usecase, rule)
                if night is not None and night != drawn:
                    drawn = night
                    drawing.add(usecase, "--nightly")
                drawing.go_on()
                ticked = time.monotonic()
            time.sleep(EVERY_S)


def _champion(usecase: str) -> str | None:
    known = champions.read(home().mlflow / "mlflow.db").get(usecase)
    return known.version if known else None
