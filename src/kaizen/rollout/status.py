"""Status of each release that should be served."""

from __future__ import annotations

from datetime import UTC, datetime

import psutil

from kaizen.core.paths import Home
from kaizen.core.results import Record
from kaizen.rollout import processes
from kaizen.rollout.caddy import Caddy
from kaizen.rollout.servers import events_lost, is_ready
from kaizen.rollout.state import Desired, Placed, State


class ServiceStatus(Record):
    """One release that should be served, and what is found.

    Attributes:
        weight: its share of the requests, in percent.
        stage: "live"; "canary" during its stages; "warm" without a share.
        note: which stage of a canary, and since when.
        pids: its processes, the first started first; empty when it does not run.
        ready: whether its server says so now.
        since: start of its server, ISO 8601 in UTC; None when it does not run.
        events_lost: answers since then that could not be written down; None when it does not say.
    """

    usecase: str
    version: str
    tag: str
    weight: int
    stage: str
    note: str
    url: str
    pids: tuple[int, ...]
    ready: bool
    since: str | None
    events_lost: int | None


def status(home: Home) -> list[ServiceStatus]:
    """Every release that should be served and whether it is, from the state alone."""
    with State(home) as state:
        caddy = Caddy(home, state)
        seen = state.processes()
        found = []
        for desired in state.desired().values():
            for placed in desired.releases:
                last = seen.get(placed.service)
                process = processes.find(last)
                ready = process is not None and is_ready(placed.port)
                found.append(
                    ServiceStatus(
                        usecase=desired.usecase,
                        version=placed.release.version,
                        tag=placed.release.tag,
                        weight=placed.weight,
                        stage=_stage(desired, placed),
                        note=_note(desired, placed),
                        url=caddy.url(desired.usecase),
                        pids=_family(process),
                        ready=ready,
                        since=last.since if process and last else None,
                        events_lost=events_lost(placed.port) if ready else None,
                    )
                )
        return found


def lost(home: Home, usecase: str) -> int:
    """Events of a use case that the servers running now could not write."""
    with State(home) as state:
        row = state.desired().get(usecase)
    return sum(events_lost(placed.port) or 0 for placed in row.releases) if row else 0


def _stage(row: Desired, placed: Placed) -> str:
    if row.canary and row.canary.version == placed.release.version:
        return "canary"
    return "live" if placed.weight else "warm"


def _note(row: Desired, placed: Placed) -> str:
    if row.canary and row.canary.version == placed.release.version:
        since = datetime.fromtimestamp(row.canary.since, UTC).isoformat(timespec="seconds")
        return f"stage {row.canary.at + 1} of {len(row.canary.stages)} since {since}"
    if placed.warm_until:
        until = datetime.fromtimestamp(placed.warm_until, UTC).isoformat(timespec="seconds")
        return f"until {until}"
    return ""


def _family(process: psutil.Process | None) -> tuple[int, ...]:
    try:
        children = process.children(recursive=True) if process else []
    except psutil.Error:
        return ()
    return (process.pid, *(child.pid for child in children)) if process else ()
