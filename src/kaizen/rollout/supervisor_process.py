"""The supervisor as a process of its own: ``python -m kaizen.rollout.supervisor_process``, one per
home.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from functools import partial
from typing import IO

from kaizen.core import environment, project
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home, home
from kaizen.rollout import processes
from kaizen.rollout.processes import SUPERVISOR
from kaizen.rollout.state import Process, State, now
from kaizen.rollout.supervisor import Supervisor

_log = logging.getLogger("kaizen.supervisor")

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 40.0
"""Router and servers finish one after the other, ten seconds each, and are then killed."""


def running(state: Home) -> int | None:
    """The pid of this home's supervisor, None when there is none."""
    with State(state) as known:
        found = processes.find(known.processes().get(SUPERVISOR))
    return found.pid if found else None


def start(state: Home) -> int:
    """Start the supervisor unless it runs; its pid.

    Raises:
        KaizenError: it did not come up; the message names its log.
    """
    if pid := running(state):
        return pid
    log = state.logs / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    variables = {
        **os.environ,
        **environment.variables(state),
        **processes.mark(state, SUPERVISOR, secrets.token_hex(8)),
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            project.command("kaizen.rollout.supervisor_process"),
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


def stop(state: Home) -> int:
    """End the supervisor and every process of this home; how many there were."""
    there = [each.process for each in processes.scan(state)]
    if pid := running(state):
        os.kill(pid, signal.SIGTERM)
        processes.wait([each for each in there if each.pid == pid], STOP_TIMEOUT_S)
    left = [each.process for each in processes.scan(state)]
    processes.end(left, 10.0)
    return len({each.pid for each in (*there, *left)})


def main() -> int:
    """Run the supervisor of ``KAIZEN_HOME`` until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    state = home()
    lock = _lock(state)
    if lock is None:
        _log.info("another supervisor keeps %s", state.root)
        return 0
    with lock:
        asyncio.run(_run(state))
    return 0


async def _run(state: Home) -> None:
    stop_asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_asked.set)
    with State(state) as known:
        pid = os.getpid()
        seen = Process(name=SUPERVISOR, pid=pid, created=processes.created(pid), since=now())
        known.saw(seen)
    await Supervisor(state, partial(_settle, state)).run(stop_asked)


def _settle(state: Home) -> bool:
    """The reconciler's own round, when no command is at work.

    A canary nobody watches goes back, what is warm no longer is ended, the router's files follow.
    """
    from kaizen.rollout.launcher import bento
    from kaizen.rollout.reconcile import READY_TIMEOUT_S, Reconciler, lock_if_free

    if not State(state).path.exists():
        return True  # the home was removed while this was imported
    with lock_if_free(state) as free:
        if free:
            with State(state) as known:
                Reconciler(state, known, bento, _log.info, READY_TIMEOUT_S).settle()
        return free


def _lock(state: Home) -> IO[str] | None:
    """Held for as long as the supervisor lives; None when another holds it."""
    state.rollout.mkdir(parents=True, exist_ok=True)
    file = (state.rollout / "supervisor.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


if __name__ == "__main__":
    sys.exit(main())
