"""Windowing: the next window of a model version, from its events and the windows judged before.

Nothing else decides, so the same window is found however often it is asked for, also by another
process after this one was killed.

**By count**, a window is the next so many events in order of time, request and row. **By time**, it
is the events of an interval aligned to the epoch; an interval without events is no window. It is
closed ``grace_s`` after its end. What is written to the log later than that joins the next window,
in both cases, before what is newer, and :attr:`Window.late` says how many. An interval is not
judged again with them: each event is then judged exactly once, so the windows of a stream stay
separate pieces of evidence, and an assessment that people have read does not change. Late events of
a service that nobody asks any more wait for its next event; ``NotReady.late`` says so.

Kaizen's own questions never count. Compaction changes no window, nor does retention one that was
judged; events that retention removes before are in none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import floor, inf
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from kaizen.core.errors import KaizenError, UsageError, unknown
from kaizen.core.monitoring_settings import CountWindow, MonitoringRule, TimeWindow
from kaizen.core.results import Record
from kaizen.events.index import LATEST, Group, Head, Key, Spooled, begins, groups, spooled, stem
from kaizen.events.read import listed
from kaizen.monitoring.windows.progress import BEGIN, Progress
from kaizen.monitoring.windows.window import Window

LEAST, MOST = 10, 1_000_000
"""Rows of a window by count: what can be compared at all, and what is worth reading at once."""
TRIES = 5


class NotReady(Record):
    """The next window is not ready.

    Attributes:
        rows: events that are there and in no window yet; by time those of the running interval.
        of: how many make a window, None by time.
        late: how many of ``rows`` came after the window they belonged to was closed.
        at: when it will be ready if nothing more comes (by time: at the earliest), seconds since
            the epoch; None where that takes events that are not there yet.
        damaged: lines in spool files that are not events.
        reason: in words.
    """

    rows: int
    of: int | None
    late: int
    at: float | None
    damaged: int
    reason: str


class UnassignedEvents(NamedTuple):
    """Events that no window has yet.

    Attributes:
        late: those that are not beyond the last window, in the order in which they came.
        fresh: the others, in their order; at least as many as were enough.
        versions: of the events that were looked at.
        damaged: lines that are not events.
    """

    late: list[Head]
    fresh: list[Head]
    versions: set[str]
    damaged: int

    def also(self, looked: Spooled) -> UnassignedEvents:
        """With what else was seen in a spool file."""
        return self._replace(
            versions=self.versions | looked.versions, damaged=self.damaged + looked.damaged
        )


def next_window(
    folder: Path,
    usecase: str,
    version: str,
    rule: MonitoringRule,
    rows: int,
    judged: Iterable[Window],
    now: float,
    *,
    partial: bool = False,
) -> Window | NotReady:
    """The next window of ``version``, or why it is not ready.

    Args:
        folder: ``Home.events / USECASE``; a missing one holds no events.
        usecase, version: whose events.
        rule: which windows.
        rows: of a window by count where the rule names no number.
        judged: every window of the version that was judged; others are passed over.
        now: seconds since the epoch.
        partial: where it is not ready, make a window of the events that are there, if any are. It
            is no progress: its events are judged again when their window is ready.

    Raises:
        UsageError: a window of so many rows cannot be judged.
        KaizenError: an event's schema is newer than this code.
    """
    progress = Progress.of(judged, usecase, version)
    if isinstance(rule.window, TimeWindow):
        return _by_time(folder, progress, rule.window, rule.grace_s, now, partial=partial)
    need = size(rule.window, rows)
    return _by_count(folder, progress, need, rule.grace_s, now, partial=partial)


def size(rule: CountWindow, rows: int) -> int:
    """Rows of a window by ``rule``, ``rows`` where it names no number.

    Raises:
        UsageError: so many cannot be judged.
    """
    need = rows if rule.rows is None else rule.rows
    if not LEAST <= need <= MOST:
        raise UsageError(
            f"windows of {need} rows cannot be judged: expected {LEAST} to {MOST}; set "
            "monitoring.window.rows, or watch by time (monitoring.window.KIND=time)"
        )
    return need


def versions(folder: Path) -> list[str]:
    """Model versions with events in ``folder``, kaizen's own questions aside."""
    paths, parts = listed(folder)
    found = {part.version for part in parts if part.count(probes=False)}
    for path in paths:
        try:
            found |= spooled(path, "").versions
        except FileNotFoundError:  # compacted meanwhile
            return versions(folder)
    return sorted(found)


def check_version(folder: Path, usecase: str, version: str) -> None:
    """Refuse a version that has answered nothing.

    Raises:
        UsageError: it has no events; the nearest one that has is offered.
        KaizenError: none has.
    """
    known = versions(folder)
    if not known:
        raise KaizenError(f"{usecase} has no events: nothing was asked, or its log was removed")
    if version not in known:
        raise unknown(f"version of {usecase} in its events", version, known)


Enough = Callable[[Iterable[Head], float], bool]
"""Given the fresh events found and the earliest time that all further ones may have: whether those
found suffice, so that nothing more need be read."""


def unassigned_events(folder: Path, progress: Progress, enough: Enough) -> UnassignedEvents:
    """Events in no window: all late ones, and the first others.

    Args:
        folder: ``Home.events / USECASE``.
        progress: what was judged.
        enough: when to stop reading.
    """
    for left in reversed(range(TRIES)):
        try:
            return _unassigned_events(folder, progress, enough)
        except FileNotFoundError:  # compacted, or removed, since it was listed
            if not left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _unassigned_events(folder: Path, progress: Progress, enough: Enough) -> UnassignedEvents:
    paths, parts = listed(folder)
    late: dict[Key, Head] = {}
    fresh: dict[Key, Head] = {}
    found = UnassignedEvents([], [], {part.version for part in parts}, 0)
    sources: list[tuple[float, Path | Group]] = [
        (begins(path) if stem(path) not in progress.ends else -inf, path) for path in paths
    ]
    sources += [
        (group.first, group)
        for part in parts
        if part.version == progress.version
        for group in groups(part)
        if group.last >= progress.last[0] or group.top >= progress.ends.get(part.stem, 0)
    ]
    for earliest, source in sorted(sources, key=itemgetter(0)):
        # A file that begins later waits: what a clock that was set back has written to it is late
        # when it is read.
        if enough(fresh.values(), earliest):
            break
        if isinstance(source, Group):
            heads = source.heads()
        else:
            start = progress.rests.get(stem(source), 0)
            looked = spooled(source, progress.version, start)
            heads = looked.heads
            found = found.also(looked)
        for head in heads:
            if not progress.is_judged(head):
                found_before = fresh if head.key > progress.last else late
                # A line may have been copied into another file: the copy in the first place
                # counts, in whatever order the files are read.
                found_before[head.key] = min(head, found_before.get(head.key, head))
    if late:
        _drop_copies(late, paths, [g for p in parts for g in groups(p)], progress)
    in_turn = sorted(late.values(), key=lambda head: (head.stem, head.at, head.key))
    return found._replace(late=in_turn, fresh=sorted(fresh.values()))


def _drop_copies(
    late: dict[Key, Head], paths: Iterable[Path], groups: Iterable[Group], progress: Progress
) -> None:
    """Take away what seems late and was judged: a line that somebody copied into another file."""
    first, last = min(late)[0], max(late)[0]
    for path in paths:
        for head in spooled(path, progress.version).heads:
            if head.key in late and progress.is_judged(head):
                del late[head.key]
    for group in groups:
        version = group.part.version
        if version == progress.version and group.first <= last and group.last >= first:
            for head in group.heads():
                if head.key in late and progress.is_judged(head):
                    del late[head.key]


def _by_count(
    folder: Path, progress: Progress, need: int, grace: float, now: float, *, partial: bool
) -> Window | NotReady:
    def enough(fresh: Iterable[Head], further: float) -> bool:
        return sum(head.time < further for head in fresh) >= need

    found = unassigned_events(folder, progress, enough)
    heads = [*found.late, *found.fresh]
    chosen, others = heads[:need], heads[need:]
    last = max((head.key for head in chosen), default=BEGIN)
    closes = last[0] + grace if len(chosen) == need else None
    if closes is not None and closes <= now:
        return progress.window(chosen, others, last)
    if partial and chosen:
        return progress.window(chosen, others, last, partial=True)
    reason = f"{len(heads)} of the {need} rows of the next window are there"
    if closes is not None:
        reason = f"the next window has its {need} rows and closes at {_shown(closes)}"
    return _not_ready(progress, found, len(heads), need, closes, reason)


def _by_time(
    folder: Path, progress: Progress, rule: TimeWindow, grace: float, now: float, *, partial: bool
) -> Window | NotReady:
    def enough(fresh: Iterable[Head], further: float) -> bool:
        earliest = min((head.time for head in fresh), default=inf)
        return earliest < inf and further >= _interval(earliest, rule.seconds)[1]

    found = unassigned_events(folder, progress, enough)
    earliest = found.fresh[0].time if found.fresh else now
    since, until = _interval(earliest, rule.seconds)
    chosen = [*found.late, *(head for head in found.fresh if head.time < until)]
    name = f"{_moment(since):%Y%m%dT%H%M%S}-{rule.seconds:g}s"
    if found.fresh and until + grace <= now:
        others = [head for head in found.fresh if head.time >= until]
        return progress.window(chosen, others, (until, "", -1), name=name, within=(since, until))
    if partial and chosen:
        last = max(head.key for head in chosen)
        return progress.window(chosen, [], last, name=name, partial=True)
    reason = f"{len(chosen)} rows are there for the next window, which ends at {_shown(until)}"
    return _not_ready(progress, found, len(chosen), None, until + grace, reason)


def _interval(time: float, seconds: float) -> tuple[float, float]:
    """The interval [k·seconds, (k + 1)·seconds) that holds ``time``."""
    number = floor(time / seconds)
    # Rounding may have put it beside.
    number += (time >= (number + 1) * seconds) - (time < number * seconds)
    return number * seconds, (number + 1) * seconds


def _not_ready(
    progress: Progress,
    found: UnassignedEvents,
    rows: int,
    of: int | None,
    at: float | None,
    reason: str,
) -> NotReady:
    if not rows and progress.last == BEGIN:
        others = sorted(found.versions - {progress.version})
        there = f"versions {', '.join(others)} have" if others else "nor has any other version"
        reason = f"version {progress.version} of {progress.usecase} has no events yet; {there}"
    if found.late:
        reason += f"; {len(found.late)} of them came late"
    if found.damaged:
        reason += f"; {found.damaged} lines in its spool files are not events"
    return NotReady(
        rows=rows, of=of, late=len(found.late), at=at, damaged=found.damaged, reason=reason
    )


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(min(time, LATEST - 1), UTC)


def _shown(time: float) -> str:
    return f"{_moment(time):%Y-%m-%d %H:%M:%S} UTC"
