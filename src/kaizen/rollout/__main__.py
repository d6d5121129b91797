"""The supervisor process of one home: ``python -m kaizen.rollout``.

:mod:`kaizen.rollout.supervisor_process` starts and stops it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from functools import partial

from kaizen.core import locks
from kaizen.core.paths import Home, home
from kaizen.rollout import processes, supervisor_process
from kaizen.rollout.processes import SUPERVISOR
from kaizen.rollout.state import Process, State, now
from kaizen.rollout.supervisor import Supervisor

_log = logging.getLogger("kaizen.supervisor")


def main() -> int:
    """Supervise ``KAIZEN_HOME`` until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    state = home()
    try:
        with locks.held(state.rollout / "supervisor.lock"):
            asyncio.run(_run(state))
    except BlockingIOError:
        _log.info("another supervisor already runs for %s", state.root)
    return 0


async def _run(state: Home) -> None:
    stop_asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_asked.set)
    with State(state) as known:
        supervisor_process.remember_schema(known)
        pid = os.getpid()
        known.saw(Process(name=SUPERVISOR, pid=pid, created=processes.created(pid), since=now()))
    await Supervisor(state, partial(_reconcile, state)).run(stop_asked)


def _reconcile(state: Home) -> bool:
    """Reconcile the home unless a command is at work, which does so itself; whether it was done."""
    # Imported in the thread of the first round: it takes longer than the start of all services.
    from kaizen.rollout.change_lock import lock_if_free
    from kaizen.rollout.launcher import bento
    from kaizen.rollout.reconcile import READY_TIMEOUT_S, Reconciler

    if not State(state).path.exists():
        return True  # the home was removed during the import
    with lock_if_free(state) as free:
        if free:
            with State(state) as known:
                Reconciler(state, known, bento, _log.info, READY_TIMEOUT_S).reconcile()
        return free


if __name__ == "__main__":
    sys.exit(main())
