"""The process that heavy steps are forked from: one thread, imports done ahead, no framework used.

It is told what to do over ``control``, one JSON object a message:
``{"prepare": {...}}``, ``{"run": {...}}`` with the channel of that child attached, and
``{"end": name or null}``. When it could not prepare, every piece of work fails with the reason.
When ``control`` closes, its user is gone: every child is killed.

A child writes JSON objects to its channel: whatever its work reports, ``{"error": ...}`` when the
work raised, and last, written by this process when the child is no more, ``{"exit": code}``.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from kaizen.core import extras
from kaizen.core.errors import KaizenError

MESSAGE = 160_000
"""Bytes of the longest message: Linux takes about 200 kB in one piece."""
TRACEBACK = 50_000
"""Characters kept of a traceback."""
GRACE_S = 1.0
"""From SIGTERM to SIGKILL."""
PR_SET_PDEATHSIG = 1

Report = Callable[..., None]
"""Called with keywords; sends them as one message."""
Prepare = Callable[[dict[str, Any]], None]
"""Runs here, before the next child is forked, and must leave no thread and nothing open behind."""
Work = Callable[[dict[str, Any], Report], None]
"""Runs in a child."""


@dataclass
class Child:
    """One forked process. ``kill_at`` is set, on the monotonic clock, once it was asked to end."""

    pid: int
    handle: int
    name: str
    channel: socket.socket
    kill_at: float | None = None


class Tasks:
    """What is done here and in children."""

    def __init__(self, prepare: Prepare, work: Work) -> None:
        self._prepare = prepare
        self._work = work
        self._broken: Exception | None = None

    def prepare(self, order: dict[str, Any]) -> None:
        """Here: get ready; a failure is told to whoever wants work done."""
        gc.disable()  # It finds next to nothing among modules, and that slowly.
        try:
            self._prepare(order)
            self._broken = None
        except Exception as error:
            self._broken = error
        finally:
            gc.freeze()  # The collector would otherwise write to, and so copy, what children share.
            gc.enable()

    def run(self, request: dict[str, Any], report: Report) -> None:
        """In a child."""
        if self._broken is not None:
            raise self._broken
        self._work(request, report)


def pack(message: dict[str, Any]) -> bytes:
    """One message."""
    return json.dumps(message).encode()


def serve(control: socket.socket, prepare: Prepare, work: Work) -> NoReturn:
    """Fork a child for each order until ``control`` closes. Never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    children: dict[int, Child] = {}
    tasks = Tasks(prepare, work)
    try:
        while _round(control, children, tasks):
            pass
    finally:
        for child in children.values():
            _signal(child, signal.SIGKILL)
        os._exit(0)


def _round(control: socket.socket, children: dict[int, Child], tasks: Tasks) -> bool:
    deadlines = [child.kill_at for child in children.values() if child.kill_at is not None]
    wait = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
    ready, _, _ = select.select([control.fileno(), *children], [], [], wait)
    for handle in children.keys() & set(ready):
        _bury(children.pop(handle))
    for child in children.values():
        if child.kill_at is not None and child.kill_at <= time.monotonic():
            _signal(child, signal.SIGKILL)
            child.kill_at = None
    return control.fileno() not in ready or _order(control, children, tasks)


def _order(control: socket.socket, children: dict[int, Child], tasks: Tasks) -> bool:
    """Take one order; False when whoever gave them is gone."""
    try:
        data, attached, _, _ = socket.recv_fds(control, MESSAGE, 1)
    except ConnectionError:
        return False
    if not data:
        return False
    order = json.loads(data)
    if "prepare" in order:
        tasks.prepare(order["prepare"])
    elif "run" in order:
        child = _fork(order["run"], socket.socket(fileno=attached[0]), control, children, tasks)
        if child is not None:
            children[child.handle] = child
    else:
        for child in children.values():
            if order["end"] in {None, child.name} and child.kill_at is None:
                _signal(child, signal.SIGTERM)
                child.kill_at = time.monotonic() + GRACE_S
    return True


def preload(modules: list[str]) -> None:
    """Import ``modules``, of packages every module. What fails here fails in the step, by name."""
    for name in modules:
        with suppress(Exception):
            package = importlib.import_module(name)
            for found in pkgutil.iter_modules(getattr(package, "__path__", ()), f"{name}."):
                with suppress(Exception):
                    importlib.import_module(found.name)


def _fork(
    request: dict[str, Any],
    channel: socket.socket,
    control: socket.socket,
    children: dict[int, Child],
    tasks: Tasks,
) -> Child | None:
    try:
        pid = os.fork()
    except OSError as error:  # No memory, or too many processes: the others go on.
        with suppress(OSError), channel:
            channel.send(pack({"error": described(error)}))
        return None
    if pid == 0:
        try:
            control.close()
            for sibling in children.values():
                sibling.channel.close()
                os.close(sibling.handle)
            _be_child(request, channel, tasks)
        finally:
            os._exit(1)
    with suppress(PermissionError, ProcessLookupError):  # Both sides do it: neither may be late.
        os.setpgid(pid, pid)
    return Child(pid, os.pidfd_open(pid), request["name"], channel)


def _be_child(request: dict[str, Any], channel: socket.socket, tasks: Tasks) -> None:
    os.setpgid(0, 0)
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # Siblings would all draw the same numbers.

    def report(**message: Any) -> None:
        # Whoever started this is gone when it cannot be sent, and this process is about to be.
        with suppress(OSError):
            channel.send(pack(message))

    try:
        tasks.run(request, report)
    except BaseException as error:
        report(error=described(error))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def described(error: BaseException) -> dict[str, str]:
    """An exception in words: no class of the user's is pickled."""
    text = "".join(traceback.format_exception(error))
    return {"reason": reason(error), "type": type(error).__name__, "traceback": text[-TRACEBACK:]}


def reason(error: BaseException) -> str:
    """What an exception says: a message for users as it is, any other with its type."""
    error = extras.of_error(error) or error
    text = str(error)[:TRACEBACK]
    if isinstance(error, KaizenError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def end_with_parent() -> None:
    """This process is killed when its parent dies (Linux), however that happens."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def _signal(child: Child, number: signal.Signals) -> None:
    """To the child and whatever it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _bury(child: Child) -> None:
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    _signal(child, signal.SIGKILL)  # What it started ends with it; its number is still taken.
    _, status = os.waitpid(child.pid, 0)
    os.close(child.handle)
    with suppress(OSError), child.channel:
        child.channel.send(pack({"exit": os.waitstatus_to_exitcode(status)}))
