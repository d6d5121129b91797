"""Registered services: long-running processes that the supervisor keeps alive for their owner.

A trigger daemon or a dashboard is registered under the name of its owner. The supervisor starts
it, starts it again with growing pauses when it ends, and adopts it after its own end, as it does
with model servers. No deployment, rollback or split touches it. ``kaizen down`` ends its process
and keeps the registration, so ``kaizen up`` and any other command that starts the supervisor
bring it back.

A name is unique in the home, whoever the owner is: log, ``kaizen status`` and the mark of a
process are by name alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import psutil

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.core.results import Record
from kaizen.rollout import processes, supervisor_process
from kaizen.rollout.change_lock import lock
from kaizen.rollout.processes import SUPERVISOR
from kaizen.rollout.state import ROLLOUT, Process, Service, State
from kaizen.rollout.supervisor import GRACE_S, ROUTER

LONGEST_NAME = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MODEL_SERVER = re.compile(r".+-v\d+(-\d+)?")
_RESERVED = frozenset({ROUTER, SUPERVISOR})

Report = Callable[[str], None]


class RegisteredService(Record):
    """A service of an owner other than the rollout, and what is found of it.

    Attributes:
        name: unique in the home.
        owner: who registered it.
        pid: its process; None while none runs.
        state: "running"; "starting" before its first start; "restarting" while the supervisor
            waits to start it again; "stopped" without a supervisor.
        exits: how often it has ended by itself.
        code: its last exit code; negative for a signal; None when it is not known.
        log: the file that holds its output.
    """

    name: str
    owner: str
    pid: int | None
    state: Literal["running", "starting", "restarting", "stopped"]
    exits: int
    code: int | None
    log: str


def register(
    home: Home,
    owner: str,
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path | None = None,
    report: Report = lambda _: None,
) -> None:
    """Have ``command`` run from now on; the supervisor is started where it does not run.

    Registering the same again changes nothing. Another command, environment or folder under a
    known name restarts the process. Waits while another command changes what is served.

    Args:
        home: the state folder.
        owner: who may change or unregister it: the name of a room or a tool.
        name: lower-case words joined by ``-``.
        command: program and arguments.
        environment: all its variables; nothing is inherited, ``KAIZEN_HOME`` is added. It is
            stored in the home's database, which no other user can read.
        folder: its working folder; the home's own root when not given.
        report: called with a line when another command is waited for.

    Raises:
        UsageError: owner, name or command cannot be used.
        KaizenError: the name belongs to another owner, or the supervisor does not start.
    """
    _check_word("owner", owner)
    _check_word("service", name)
    if owner == ROLLOUT:
        raise UsageError(f"owner {owner!r} is kaizen's own: choose the name of your tool")
    if name in _RESERVED or _MODEL_SERVER.fullmatch(name):
        raise UsageError(
            f"service {name!r} is a name of kaizen's own processes: choose one that is neither "
            f"{' nor '.join(map(repr, sorted(_RESERVED)))} and does not end in -vNUMBER"
        )
    if not command:
        raise UsageError(f"service {name!r} has no command: expected a program and its arguments")
    service = Service(
        name=name,
        command=tuple(command),
        environment=dict(environment),
        folder=str((folder or home.root).resolve()),
        log=str(home.logs / f"{name}.service.log"),
        owner=owner,
    )
    with lock(home, report), State(home) as state:
        known = state.services().get(name)
        _check_owner(known, owner)
        if known != service:
            state.keep(service)
        supervisor_process.start(home)


def unregister(home: Home, owner: str, name: str, *, report: Report = lambda _: None) -> bool:
    """End a service and keep it no more; whether it was registered.

    Returns when its process has ended, except to that process itself.

    Raises:
        KaizenError: the name belongs to another owner.
    """
    with lock(home, report), State(home) as state:
        known = state.services().get(name)
        if known is None:
            return False
        _check_owner(known, owner)
        state.release([name])
        if supervisor_process.running(home):
            processes.wait(_running(home, name), GRACE_S + 1.0)
        processes.end(_running(home, name), GRACE_S)
        return True


def of(home: Home, owner: str | None = None) -> list[RegisteredService]:
    """The services of ``owner``, by name; those of every owner but the rollout when not given."""
    with State(home) as state:
        found = [each for each in state.services(owner).values() if each.owner != ROLLOUT]
        if not found:
            return []
        seen, supervised = state.processes(), supervisor_process.running(home) is not None
    return [_look(each, seen.get(each.name), supervised=supervised) for each in found]


def _look(service: Service, seen: Process | None, *, supervised: bool) -> RegisteredService:
    process = processes.find(seen)
    exits = seen.exits if seen else 0
    state: Literal["running", "starting", "restarting", "stopped"]
    if process:
        state = "running"
    elif not supervised:
        state = "stopped"
    else:
        state = "restarting" if exits else "starting"
    return RegisteredService(
        name=service.name,
        owner=service.owner,
        pid=process.pid if process else None,
        state=state,
        exits=exits,
        code=seen.code if seen else None,
        log=service.log,
    )


def _running(home: Home, name: str) -> list[psutil.Process]:
    return [each.process for each in processes.scan(home) if each.name == name]


def _check_word(kind: str, word: str) -> None:
    if not _NAME.fullmatch(word) or len(word) > LONGEST_NAME:
        raise UsageError(
            f"{kind} {word!r}: expected lower-case words and digits joined by '-', such as "
            f"'trigger-daemon', at most {LONGEST_NAME} characters"
        )


def _check_owner(known: Service | None, owner: str) -> None:
    if known and known.owner != owner:
        raise KaizenError(
            f"service {known.name!r} belongs to {known.owner!r}, not to {owner!r}: "
            "choose another name"
        )
