"""The nightly report: whether one is due, which events it is about, and its page."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any

from kaizen.core.paths import Home
from kaizen.core.usecase import Features
from kaizen.events.read import read
from kaizen.monitoring import observation
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.reports import workspace
from kaizen.monitoring.reports.alignment import MOST_ROWS, reference_table
from kaizen.monitoring.windows.decoded import decoded

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Night:
    """One nightly report.

    Attributes:
        day: the day (UTC) it is made on; there is one a day.
        since, until: it is about events in [since, until), seconds since the epoch, 24 hours. They
            follow from the day alone, so a report made late is the one that was missing.
    """

    day: date
    since: float
    until: float

    @property
    def at(self) -> datetime:
        """The moment it stands at in time."""
        return datetime.fromtimestamp(self.until, UTC)

    def title(self, usecase: str, version: str) -> str:
        """What the report is called, the same however often it is made."""
        return f"{usecase} v{version}, the 24 hours before {self.at:%Y-%m-%d %H:%M} UTC"


def due_night(now: float, hour: int | None, last: date | None) -> Night | None:
    """The nightly report that is due now, None where none is.

    A night that was missed altogether is not made up for: what it was about is past helping, and
    its windows were judged one by one.

    Args:
        now: seconds since the epoch.
        hour: ``monitoring.report_hour``, UTC; None for no reports.
        last: ``day`` of the last report, None before the first.
    """
    if hour is None:
        return None
    moment = datetime.fromtimestamp(now, UTC)
    until = moment.replace(hour=hour, minute=0, second=0, microsecond=0)
    if moment < until or (last is not None and last >= until.date()):
        return None
    return Night(until.date(), (until - DAY).timestamp(), until.timestamp())


def chosen(
    events: Iterable[Mapping[str, Any]], night: Night, most: int = MOST_ROWS
) -> list[Mapping[str, Any]]:
    """The events that ``night`` is about, oldest first; of more than ``most``, as many are drawn.

    Which are drawn follows from their ids (those of the smallest hash), so that every reading draws
    the same, and no more than ``most`` are held in memory.

    Args:
        events: of ``kaizen.events.read.read(folder, since=night.since, version=...)``, streamed.
    """
    of_night = (event for event in events if night.since <= event["time"] < night.until)
    drawn = heapq.nsmallest(most, of_night, key=_place)
    return sorted(drawn, key=itemgetter("time", "request", "row"))


def _place(event: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(f"{event['request']}-{event['row']}".encode()).digest()


def draw(home: Home, features: Features, profile: Profile, version: str, night: Night) -> str:
    """Draw the nightly report.

    Returns:
        The page's path under ``Home.monitoring``; empty where the day has too few events to draw.
    """
    usecase = features.name
    events = chosen(read(home.events / usecase, since=night.since, version=version), night)
    table = decoded(features, {str(event["id"]): dict(event) for event in events}).table
    if table is None:
        return ""
    kept = workspace.add(
        home.monitoring,
        usecase,
        night.title(usecase, version),
        reference_table(profile),
        observation.drawable(table),
        at=night.at,
        tags=[f"v{version}", "nightly"],
        drift=profile.check(table),
    )
    return str(kept.path.relative_to(home.monitoring))
