"""Finds problems with what is served, each with the command that fixes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kaizen.core import locks
from kaizen.core.paths import Home
from kaizen.core.results import Record
from kaizen.registry.champions import Champion
from kaizen.rollout import processes, services, supervisor_process
from kaizen.rollout.caddy import Caddy
from kaizen.rollout.change_lock import watch_lock
from kaizen.rollout.processes import SUPERVISOR
from kaizen.rollout.servers import is_ready
from kaizen.rollout.services import RegisteredService
from kaizen.rollout.state import Desired, Process, State

UP = "kaizen up"


class ServingProblem(Record):
    """A problem with what is served.

    Attributes:
        usecase: None for what all use cases share.
        what: in words.
        mend: the command that mends it.
    """

    usecase: str | None
    what: str
    mend: str


def find(home: Home, champions: Mapping[str, Champion]) -> list[ServingProblem]:
    """Everything that is wrong now; nothing is changed.

    Args:
        champions: what the registry says, by use case.
    """
    found = [*_lost(champions)]
    with State(home) as state:
        rows, registered = state.desired(), services.of(home)
        if not rows and not registered:
            return found
        running = {each.name for each in processes.scan(home)}
        if not running:
            names = ", ".join([*rows, *(each.name for each in registered)])
            return [*found, ServingProblem(usecase=None, what=f"nothing runs of {names}", mend=UP)]
        found += _common(home, state, running)
        found += _registered(registered)
        seen, caddy = state.processes(), Caddy(home, state)
        for usecase, row in rows.items():
            wrong = _servers(row, seen)
            wrong += [] if caddy.follows(row) else ["the router does not follow the record"]
            if row.canary and not locks.is_held(watch_lock(home, usecase)):
                wrong.append(f"nobody watches the canary v{row.canary.version}, it goes back")
            wrong += _name(row, champions.get(usecase))
            found += [ServingProblem(usecase=usecase, what=what, mend=UP) for what in wrong]
    return found


def _lost(champions: Mapping[str, Champion]) -> list[ServingProblem]:
    return [
        ServingProblem(
            usecase=usecase,
            what=f"v{champion.lost} was champion and was deleted from the registry",
            mend=f"kaizen promote {usecase} VERSION, or kaizen run {usecase}",
        )
        for usecase, champion in champions.items()
        if champion.lost
    ]


def _common(home: Home, state: State, running: set[str]) -> list[ServingProblem]:
    wrong = []
    if supervisor_process.running(home) is None:
        wrong.append(f"no supervisor keeps {', '.join(sorted(running))} alive")
    if state.desired() and Caddy(home, state).config() is None:
        wrong.append("the router does not answer")
    strays = running - {*state.services(), *state.processes(), SUPERVISOR}
    if strays:
        wrong.append(f"nothing asks for {', '.join(sorted(strays))}")
    return [ServingProblem(usecase=None, what=what, mend=UP) for what in wrong]


def _registered(registered: Iterable[RegisteredService]) -> list[ServingProblem]:
    """Services that end again and again; their supervisor tries on, so their log is the way."""
    return [
        ServingProblem(
            usecase=None,
            what=f"service {each.name} of {each.owner} has ended {each.exits} times and is "
            "started again with growing pauses",
            mend=f"kaizen logs {each.name}",
        )
        for each in registered
        if each.state == "restarting"
    ]


def _servers(row: Desired, seen: Mapping[str, Process]) -> list[str]:
    wrong = []
    for placed in row.releases:
        name, last = f"v{placed.release.version}", seen.get(placed.service)
        if processes.find(last) is None:
            ended = f", its server ended {last.exits} times" if last and last.exits else ""
            wrong.append(f"{name} does not run{ended}")
        elif not is_ready(placed.port):
            wrong.append(f"{name} runs and is not ready")
    return wrong


def _name(row: Desired, champion: Champion | None) -> list[str]:
    version = row.main.release.version
    named = champion.version if champion else None
    if row.canary or row.main.weight < 100 or named in (None, version):
        return []
    return [f"v{version} has all requests and v{named} is champion"]
