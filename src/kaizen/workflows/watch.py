"""Which windows are judged when: once, all that are due, or one of them again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kaizen.core import extras, locks, project
from kaizen.core.errors import KaizenError
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.paths import home
from kaizen.core.results import Record
from kaizen.events import labels
from kaizen.monitoring import maintenance
from kaizen.monitoring.windows import relabel, windowing
from kaizen.monitoring.windows.assessment import Assessment, Evidence
from kaizen.monitoring.windows.store import Store, lock
from kaizen.monitoring.windows.window import Window
from kaizen.monitoring.windows.windowing import NotReady
from kaizen.orchestration import outputs, step_zygote
from kaizen.orchestration.start import activate
from kaizen.registry import reference_data, versions
from kaizen.workflows import reports


class Watched(Record):
    """What one look at a use case found.

    Attributes:
        assessed: windows judged now, oldest first.
        waiting: in words, how far the next window is.
        undrawn: in words, why a page that was due was not drawn; it changes no verdict.
    """

    usecase: str
    version: str
    assessed: tuple[Assessment, ...]
    waiting: str
    undrawn: str = ""
    seconds: float


class Repeated(Record):
    """A window judged again.

    Attributes:
        differences: names of fields that are not as they were; empty where it is the same verdict.
    """

    was: Assessment
    now: Assessment
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differences


class Watch:
    """The windows of one version of a model, in their order.

    Args:
        version: a version or alias; None for the champion.

    Raises:
        UsageError: no such version.
        KaizenError: it has no drift profile.
    """

    def __init__(self, usecase: str, version: str | None, rule: MonitoringRule) -> None:
        self.usecase, self.rule = usecase, rule
        self.version = versions.get(usecase, version or "champion").version
        self.profile = reference_data.profile(usecase, self.version)
        self.store = Store(home())
        self.folder = home().events / usecase
        self._judged = self.store.windows(usecase, self.version)
        self._labels_stamp: tuple[int, int] | None = None
        self._bounds: dict[str, int] = {}

    def next(self, *, partial: bool = False) -> Window | NotReady:
        """The next window that is due; with ``partial`` what is there of the one after it."""
        return windowing.next_window(
            self.folder,
            self.usecase,
            self.version,
            self.rule,
            self.profile.shape.window,
            self._judged,
            time.time(),
            partial=partial,
        )

    def judge(self, window: Window, live: Evidence | None = None) -> Assessment:
        """Run the pipeline on ``window``.

        Args:
            live: evidence of single rows that made somebody look.

        Raises:
            KaizenError: a step failed; the message names step and reason.
        """
        pipeline = project.current().pipeline("monitoring")
        pipeline.with_options(run_name=_run_name(window))(
            self.usecase,
            window.model_dump(mode="json"),
            self.rule.model_dump(mode="json"),
            None if live is None else live.model_dump(mode="json"),
        )
        self._judged.append(window)  # nobody else watches: what is known need not be read again
        return self.store.find(self.usecase, window.name)

    def due(self) -> Iterator[Assessment]:
        """Judge every window that is due now, and those again that labels have come for."""
        while isinstance(window := self.next(), Window):
            yield self.judge(window)
        for window in self.relabelled():
            yield self.judge(window)

    def relabelled(self) -> list[Window]:
        """Judged windows to assess again, because more labels have come for them.

        Labels are counted twice. An exact count reads the ids of a window's events from disk, and
        this is asked twice a second; the times in the labels' ids alone give an upper bound, which
        leaves the few windows that may be due. Only these are counted exactly.
        """
        stamp = labels.stamp(self.folder)
        if stamp == self._labels_stamp:  # no label was written since the last look
            return []
        self._labels_stamp = stamp
        recent = self.store.since(self.usecase, time.time() - self.rule.labels_after_s)
        incomplete = [
            each
            for each in recent
            if each.window.version == self.version
            and not each.window.partial
            and each.performance.rows < each.window.rows
        ]
        known = labels.read(self.folder) if incomplete else {}
        bounds = relabel.upper_bound(known, [each.window for each in incomplete])
        # A window whose bound has not moved was decided at an earlier look.
        moved = {name: bound for name, bound in bounds.items() if self._bounds.get(name) != bound}
        self._bounds.update(moved)
        candidates = relabel.windows_to_reassess(incomplete, moved, self.rule, time.time())
        counts = relabel.exact_counts(known, self.folder, [each.window for each in candidates])
        again = relabel.windows_to_reassess(candidates, counts, self.rule, time.time())
        return [each.window for each in again]


@contextmanager
def alone(usecase: str) -> Iterator[None]:
    """Nobody else watches ``usecase`` meanwhile.

    Raises:
        KaizenError: somebody does.
    """
    try:
        with locks.held(lock(home(), usecase)):
            yield
    except BlockingIOError:
        raise KaizenError(
            f"{usecase} is being watched already (`kaizen monitor {usecase} --follow`?): its "
            f"verdicts are shown by `kaizen monitor {usecase} --history 10`"
        ) from None


def once(
    usecase: str, version: str | None, rule: MonitoringRule, *, stack: str = "local"
) -> Watched:
    """Judge what is due; where nothing is, what has come since the last window.

    Raises:
        UsageError: no such version or stack.
        KaizenError: nothing to judge, nothing to compare with, or a step failed.
    """
    begun = time.monotonic()
    with alone(usecase):
        step_zygote.ahead()
        activate(stack)
        watch = Watch(usecase, version, rule)
        found = list(watch.due())
        waiting = watch.next()
        if not found and isinstance(part := watch.next(partial=True), Window):
            found.append(watch.judge(part))
        maintenance.tick(home(), usecase, rule.alerts, time.time(), flush=True)
        undrawn = _drawn(watch, [each for each in found if each.alarms])
    return Watched(
        usecase=usecase,
        version=watch.version,
        assessed=tuple(found),
        waiting=waiting.reason if isinstance(waiting, NotReady) else "",
        undrawn=undrawn,
        seconds=round(time.monotonic() - begun, 2),
    )


def _drawn(watch: Watch, alarming: Sequence[Assessment]) -> str:
    """Draw what is due; where that cannot be done here, why."""
    night = reports.due(watch.usecase, watch.rule)
    if not alarming and night is None:
        return ""
    if missing := extras.missing(reports.EXTRA, who="a page of pictures"):
        return str(missing)
    for each in alarming:
        reports.draw(watch.usecase, each.window.name)
    if night is not None:
        reports.nightly(watch.usecase, watch.version, night)
    return ""


def repeat(usecase: str, name: str, *, stack: str = "local") -> Repeated:
    """Judge a window again by what is recorded of it, and hold it beside what was found.

    Raises:
        UsageError: no such window or stack.
        KaizenError: its events are gone, or a step failed.
    """
    was = Store(home()).find(usecase, name)
    step_zygote.ahead()
    activate(stack)
    pipeline = project.current().pipeline("monitoring", "repeated")
    made = pipeline.with_options(run_name=_run_name(was.window, "again-"))(
        usecase, was.window.model_dump(mode="json"), was.monitoring.model_dump(mode="json")
    )
    now = outputs.load(made, Assessment)
    return Repeated(was=was, now=now, differences=tuple(_differences(was, now)))


def _differences(was: Assessment, now: Assessment) -> Iterator[str]:
    # Not the reason: it follows from these, and its words change with kaizen.
    for name in ("drift", "performance", "estimate", "alarms", "profile"):
        if getattr(was, name) != getattr(now, name):
            yield name


def _run_name(window: Window, kind: str = "") -> str:
    return f"{window.usecase}-monitoring-{kind}{window.name}-{{date}}-{{time}}"
