"""The process that heavy steps are forked from: one thread, imports done ahead, no framework used.

It is told what to do over ``control``, one JSON object a message:
``{"import": [modules]}``, ``{"run": {...}}`` with the channel of that child attached, and
``{"end": name or null}``. When ``control`` closes, its user is gone: every child is killed.

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

from kaizen.errors import KaizenError

MESSAGE = 160_000
"""Bytes of the longest message: Linux takes about 200 kB in one piece."""
TRACEBACK = 50_000
"""Characters kept of a traceback."""
GRACE_S = 1.0
"""From SIGTERM to SIGKILL."""
PR_SET_PDEATHSIG = 1

Report = Callable[..., None]
"""Called with keywords; sends them as one message."""
Work = Callable[[dict[str, Any], Report], None]


@dataclass
class Child:
    """One forked process. ``kill_at`` is set, on the monotonic clock, once it was asked to end."""

    pid: int
    handle: int
    name: str
    channel: socket.socket
    kill_at: float | None = None


def pack(message: dict[str, Any]) -> bytes:
    """One message."""
    return json.dumps(message).encode()


def serve(control: socket.socket, work: Work) -> NoReturn:
    """Fork a child for each order until ``control`` closes. Never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    children: dict[int, Child] = {}
    try:
        while _round(control, children, work):
            pass
    finally:
        for child in children.values():
            _signal(child, signal.SIGKILL)
        os._exit(0)


def _round(control: socket.socket, children: dict[int, Child], work: Work) -> bool:
    deadlines = [child.kill_at for child in children.values() if child.kill_at is not None]
    wait = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
    ready, _, _ = select.select([control.fileno(), *children], [], [], wait)
    for handle in children.keys() & set(ready):
        _bury(children.pop(handle))
    for child in children.values():
        if child.kill_at is not None and child.kill_at <= time.monotonic():
            _signal(child, signal.SIGKILL)
            child.kill_at = None
    return control.fileno() not in ready or _order(control, children, work)


def _order(control: socket.socket, children: dict[int, Child], work: Work) -> bool:
    """Take one order; False when whoever gave them is gone."""
    try:
        data, attached, _, _ = socket.recv_fds(control, MESSAGE, 1)
    except ConnectionError:
        return False
    if not data:
        return False
    order = json.loads(data)
    if "import" in order:
        preload(order["import"])
    elif "run" in order:
        child = _fork(order["run"], socket.socket(fileno=attached[0]), control, children, work)
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
    gc.collect()
    gc.freeze()  # The collector would otherwise write to, and so copy, every page children share.


def _fork(
    request: dict[str, Any],
    channel: socket.socket,
    control: socket.socket,
    children: dict[int, Child],
    work: Work,
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
            _be_child(request, channel, work)
        finally:
            os._exit(1)
    with suppress(PermissionError, ProcessLookupError):  # Both sides do it: neither may be late.
        os.setpgid(pid, pid)
    return Child(pid, os.pidfd_open(pid), request["name"], channel)


def _be_child(request: dict[str, Any], channel: socket.socket, work: Work) -> None:
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
        work(request, report)
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
