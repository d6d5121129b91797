"""Starts, stops and finds the supervisor of a home: ``python -m kaizen.rollout``, one per home.

It is found by pid and start time, and by its mark; nothing depends on its command line.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time

from kaizen.core import environment, project
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.rollout import processes
from kaizen.rollout.processes import SUPERVISOR
from kaizen.rollout.state import SCHEMA_VERSION, State

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 40.0
"""Router and servers finish one after the other, ten seconds each, and are then killed."""
_SCHEMA_SETTING = "supervisor.schema"


def running(state: Home) -> int | None:
    """The pid of this home's supervisor, None when there is none."""
    with State(state) as known:
        found = processes.find(known.processes().get(SUPERVISOR))
    return found.pid if found else None


def start(state: Home) -> int:
    """Start the supervisor unless it runs; its pid.

    One of an earlier kaizen, which cannot read today's database, is replaced: it is killed, and
    the new one adopts what it kept alive.

    Raises:
        KaizenError: it did not come up; the message names its log.
    """
    if pid := running(state):
        if _reads_todays_schema(state):
            return pid
        found = [each.process for each in processes.scan(state) if each.process.pid == pid]
        processes.kill(found)
    log = state.logs / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    variables = {
        **os.environ,
        **environment.variables(state),
        **processes.mark(state, SUPERVISOR, secrets.token_hex(8)),
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            project.command("kaizen.rollout"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=project.current().root,
            env=variables,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if pid := running(state):
            process.returncode = 0  # it is to outlive us: Python would warn of it
            return pid
        if process.poll() is not None:
            break
        time.sleep(0.02)
    processes.end([each.process for each in processes.scan(state) if each.name == SUPERVISOR], 0)
    raise KaizenError(f"the supervisor did not start: see {log}")


def remember_schema(state: State) -> None:
    """Said by a supervisor when it starts: which schema of the database it reads."""
    state.remember(_SCHEMA_SETTING, str(SCHEMA_VERSION))


def stop(state: Home) -> int:
    """End the supervisor and every process of this home; how many there were."""
    there = [each.process for each in processes.scan(state)]
    if pid := running(state):
        os.kill(pid, signal.SIGTERM)
        processes.wait([each for each in there if each.pid == pid], STOP_TIMEOUT_S)
    left = [each.process for each in processes.scan(state)]
    processes.end(left, 10.0)
    return len({each.pid for each in (*there, *left)})


def _reads_todays_schema(state: Home) -> bool:
    with State(state) as known:
        return known.setting(_SCHEMA_SETTING) == str(SCHEMA_VERSION)
