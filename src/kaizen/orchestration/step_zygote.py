"""Starts a zygote that can run ZenML's steps, and is what runs in it.

A command forks it first thing (:func:`ahead`), from a process with one thread that has imported
ZenML and opened nothing: what another thread held at a fork would stay locked in every child.
Later, or in a notebook or a daemon, a fresh interpreter is started: slower by ZenML's import.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from zenml.client import Client
from zenml.execution.context import setup_execution_context
from zenml.execution.step.utils import launch_step
from zenml.utils import source_utils

from kaizen.core import progress, project
from kaizen.core.paths import home
from kaizen.orchestration import acceleration, local_store, zygote
from kaizen.orchestration.zygote import Report
from kaizen.orchestration.zygote_client import Zygote

if TYPE_CHECKING:
    from zenml.models import PipelineRunResponse, PipelineSnapshotResponse

THREADED = ("grpc", "jax", "tensorflow", "torch")
"""Libraries whose threads do not survive a fork. OpenBLAS (numpy, scipy), Arrow and jemalloc see
to theirs around one."""

_waiting: list[Zygote] = []


def ahead() -> None:
    """Fork the zygote of this process's next run, if a copy of it would be whole."""
    if _waiting or not _whole():
        return
    ours, theirs = _sockets()
    with theirs:
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                os.setsid()
                serve(theirs)
            finally:
                os._exit(1)
    _waiting.append(Zygote(pid, ours))


def start(snapshot: UUID, run: UUID, modules: list[str]) -> Zygote:
    """A zygote for the steps of a run that begins to import ``modules`` at once."""
    made = _waiting.pop() if _waiting else _spawn()
    made.prepare(
        {
            "modules": modules,
            "snapshot": str(snapshot),
            "run": str(run),
            "stack": os.environ["ZENML_ACTIVE_STACK_ID"],
            "sources": source_utils.get_source_root(),
        }
    )
    return made


def _whole() -> bool:
    """Whether a copy of this process, with this thread alone, lacks nothing."""
    return (
        threading.active_count() == 1
        and local_store.untouched()
        and not any(name in sys.modules for name in THREADED)
    )


def _sockets() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _spawn() -> Zygote:
    paths = [path or os.getcwd() for path in sys.path]  # noqa: PTH109
    ours, theirs = _sockets()
    with theirs:
        pid = os.posix_spawn(
            sys.executable,
            project.command("kaizen.orchestration.spawned"),
            {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))},
            file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 0)],
            setsid=True,
        )
    return Zygote(pid, ours)


def serve(control: socket.socket) -> NoReturn:
    """Be the zygote at the other end of ``control``."""
    steps = _Steps()
    zygote.serve(control, steps.prepare, steps.run)


@dataclass
class _Steps:
    """What a zygote knows of the run it works for."""

    snapshot: PipelineSnapshotResponse = field(init=False)
    pipeline_run: PipelineRunResponse = field(init=False)

    def prepare(self, order: dict[str, Any]) -> None:
        """Load all that children need. What opens on the way is closed again: they share nothing.

        What is asked of the store is what children will ask: pydantic has then built its models
        and SQLAlchemy has compiled its queries, once for all.
        """
        zygote.preload(order["modules"])
        os.environ["ZENML_ACTIVE_STACK_ID"] = order["stack"]
        source_utils.set_custom_source_root(order["sources"])
        acceleration.change_zenml()
        local_store.start(home())
        store = Client().zen_store
        self.snapshot = store.get_snapshot(UUID(order["snapshot"]))
        self.pipeline_run = store.get_run(UUID(order["run"]))
        Client().list_run_steps(pipeline_run_id=self.pipeline_run.id, size=1)
        _ = Client().active_stack
        local_store.close()

    def run(self, request: dict[str, Any], report: Report) -> None:
        """In the child: one attempt at one step."""
        report(started=os.getpid())
        snapshot, name = self.snapshot, request["name"]
        os.environ.update(request["environment"])

        def tell(event: progress.StepEvent) -> None:
            report(event=asdict(event))

        orchestrator = Client().active_stack.orchestrator
        with setup_execution_context(self.pipeline_run), progress.listening(tell):
            orchestrator.run_init_hook(snapshot)
            try:
                with progress.inside(name), _limited(request["timeout_s"]):
                    step_run = launch_step(
                        snapshot=snapshot,
                        step=snapshot.step_configurations[name],
                        orchestrator_run_id=request["run"],
                        retry=False,
                    )
            finally:
                orchestrator.run_cleanup_hook(snapshot)
                Client().active_stack.log_store.flush(blocking=True)
        report(result=step_run.status.value)


class TookTooLong(BaseException):
    """Raised inside a heavy step; not an Exception, so that no step catches it by mistake."""


@contextmanager
def _limited(seconds: float | None) -> Iterator[None]:
    """Raise inside the step when its time is over, so that ZenML's record says where it was."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong(f"it took longer than {seconds:g} s")

    if seconds is not None:
        signal.signal(signal.SIGALRM, over)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
