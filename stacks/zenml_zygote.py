"""Starts a zygote that can run ZenML's steps, and is what runs in it.

A fork of this process has ZenML imported and its store open already; that is only safe while
nothing else runs here and no framework with threads of its own is loaded. Otherwise (a notebook,
a daemon, a second run beside a first) a fresh interpreter is started: slower by ZenML's import.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Engine
from zenml.client import Client
from zenml.execution.step.utils import launch_step
from zenml.log_stores.otel.otel_log_store import OtelLogStore
from zenml.utils import source_utils
from zenml.utils.logging_utils import LoggingContext

from kaizen import progress
from kaizen.paths import PROJECT_ROOT
from stacks import zygote
from stacks.zenml_start import activate
from stacks.zygote import Report
from stacks.zygote_client import Zygote

if TYPE_CHECKING:
    from zenml.models import PipelineSnapshotResponse

THREADED_FRAMEWORKS = frozenset({"jax", "tensorflow", "torch"})
HARMLESS_THREADS = ("HeartBeatWorker", "OtelBatch", "_RefreshThread")
"""Sleepers whose locks no child takes: heartbeats of steps that have ended (one that goes on has
its step's thread beside it), ZenML's log writer (it renews itself), and the display."""

_left_alone: list[Any] = []
"""Connections opened before the fork: neither used nor closed after it, as SQLite demands."""


def start(snapshot: PipelineSnapshotResponse, modules: list[str]) -> Zygote:
    """A zygote for the steps of ``snapshot`` that begins to import ``modules`` at once."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        if may_fork():
            pid = os.fork()
            if pid == 0:
                try:
                    ours.close()
                    _become(theirs, snapshot)
                finally:
                    os._exit(1)
        else:
            pid = _spawn(theirs, snapshot)
    made = Zygote(pid, ours)
    made.preload(modules)
    return made


def may_fork() -> bool:
    """Whether a copy of this process, with this thread alone, is whole."""
    if not THREADED_FRAMEWORKS.isdisjoint(sys.modules):
        return False
    return all(
        thread is threading.current_thread()
        or thread.name.startswith(HARMLESS_THREADS)
        or type(thread).__name__ in HARMLESS_THREADS
        for thread in threading.enumerate()
    )


def _spawn(control: socket.socket, snapshot: PipelineSnapshotResponse) -> int:
    paths = [str(PROJECT_ROOT), *(path or os.getcwd() for path in sys.path)]  # noqa: PTH109
    stack, root = Client().active_stack_model.name, source_utils.get_source_root()
    command = [
        sys.executable, "-P", "-m", "stacks.zenml_spawned", stack, str(snapshot.id), root,
    ]  # fmt: skip
    return os.posix_spawn(
        sys.executable,
        command,
        {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))},
        file_actions=[(os.POSIX_SPAWN_DUP2, control.fileno(), 0)],
        setsid=True,
    )


def _become(control: socket.socket, snapshot: PipelineSnapshotResponse) -> None:
    """What a fork of a process that runs pipelines does instead."""
    with suppress(PermissionError):  # A spawned one leads its session already.
        os.setsid()
    # The run's own log stays with whoever runs it. ZenML's log writer has begun a new thread here:
    # it ends, so that children are forked from a process with one, and each begins its own.
    LoggingContext.__context_var__.set(None)
    if isinstance(store := Client().active_stack.log_store, OtelLogStore):
        store.deactivate()
    for found in gc.get_objects():
        if issubclass(type(found), Engine):
            _left_alone.append(found.pool)
            found.dispose(close=False)
    zygote.serve(control, partial(_run_step, snapshot))


def _run_step(snapshot: PipelineSnapshotResponse, request: dict[str, Any], report: Report) -> None:
    """In the child: one attempt at one step."""
    report(started=os.getpid())
    name = request["name"]
    os.environ.update(request["environment"])

    def tell(event: progress.StepEvent) -> None:
        report(event=asdict(event))

    try:
        with progress.listening(tell), progress.inside(name), _limited(request["timeout_s"]):
            step_run = launch_step(
                snapshot=snapshot,
                step=snapshot.step_configurations[name],
                orchestrator_run_id=request["run"],
                retry=False,
            )
    finally:
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


def serve_spawned(stack: str, snapshot: str, source_root: str) -> None:
    """Be the zygote of another process. Its socket is this one's standard input."""
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    source_utils.set_custom_source_root(source_root)
    activate(stack)
    _become(control, Client().zen_store.get_snapshot(UUID(snapshot)))
