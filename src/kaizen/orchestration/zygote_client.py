"""The handle on a zygote: order a piece of work, hear of it, end it."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kaizen.orchestration.zygote import MESSAGE, pack

Hear = Callable[[dict[str, Any]], None]
CLOSE_S = 1.0


class Lost(Exception):
    """The process ended before its work did. The message says how."""


class Failed(Exception):
    """The work raised: the message is its reason, ``kind`` the name of what was raised."""

    def __init__(self, error: dict[str, str]) -> None:
        super().__init__(error["reason"])
        self.kind = error["type"]
        self.traceback = error["traceback"]


class TimedOut(Exception):
    """The work took longer than it may, and its process was ended."""


class Zygote:
    """A running zygote. Safe to use from many threads."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid = pid
        self._control = control
        self._lock = threading.Lock()

    def prepare(self, order: dict[str, Any]) -> None:
        """Get ready before the next piece of work; this does not wait for it."""
        self._order({"prepare": order})

    def run(self, request: dict[str, Any], hear: Hear, limit_s: float | None = None) -> None:
        """Run one piece of work in a process of its own, and wait until that process is gone.

        ``request["name"]`` must be unique among what runs. ``hear`` gets every message.

        Raises:
            Failed: the work raised.
            TimedOut: it took longer than ``limit_s`` from its first message on.
            Lost: its process died.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            with theirs:
                self._order({"run": request}, theirs)
            messages = self._listen(ours, request["name"], hear, limit_s)
        if "error" in messages:
            raise Failed(messages["error"])
        if "late" in messages:
            raise TimedOut
        if "result" not in messages:
            raise Lost(_how(messages.get("exit")))

    def _listen(
        self, channel: socket.socket, name: str, hear: Hear, limit_s: float | None
    ) -> dict[str, Any]:
        """Every key that was said until the end."""
        said: dict[str, Any] = {}
        end: float | None = None
        while "exit" not in said:
            channel.settimeout(None if end is None else max(0.001, end - time.monotonic()))
            try:
                data = channel.recv(MESSAGE)
            except TimeoutError:
                said["late"] = True
                end = None
                self.end(name)
                continue
            except ConnectionError:
                break
            if not data:
                break
            if limit_s is not None and not said:
                end = time.monotonic() + limit_s
            message = json.loads(data)
            said.update(message)
            hear(message)
        return said

    def end(self, name: str | None = None) -> None:
        """Ask one piece of work, or all, to end; what has not after ``GRACE_S`` is killed."""
        with suppress(Lost):
            self._order({"end": name})

    def close(self) -> None:
        """Kill whatever still runs, and the zygote; nothing of it is left afterwards."""
        with self._lock:
            self._control.close()
        end = time.monotonic() + CLOSE_S
        while time.monotonic() < end:
            if self._reaped(os.WNOHANG):
                return
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._reaped(0)

    def _reaped(self, options: int) -> bool:
        try:
            return os.waitpid(self.pid, options)[0] != 0
        except ChildProcessError:
            return True

    def _order(self, order: dict[str, Any], attached: socket.socket | None = None) -> None:
        fds = [] if attached is None else [attached.fileno()]
        try:
            with self._lock:
                socket.send_fds(self._control, [pack(order)], fds)
        except OSError as error:
            raise Lost(_how(None)) from error


def _how(code: int | None) -> str:
    if code is None:
        return "its process was lost, with the one it was forked from"
    if code < 0:
        return f"its process was killed by signal {-code}" + (
            " (SIGKILL: often for lack of memory)" if -code == signal.SIGKILL else ""
        )
    return f"its process ended with exit code {code} before the step was done"
