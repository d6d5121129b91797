"""Processes of a home: recognised by a mark in their environment, ended with all they started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from kaizen.core.paths import Home
from kaizen.rollout.state import Process

MARK = "KAIZEN_SERVICE"
"""Environment variable ``NAME:TOKEN``; what a service starts inherits it, whatever its parent."""

SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Marked:
    """A running process of a home."""

    process: psutil.Process
    name: str
    token: str


def mark(home: Home, name: str, token: str) -> dict[str, str]:
    """The variables by which :func:`scan` finds a process again."""
    return {"KAIZEN_HOME": str(home.root), MARK: f"{name}:{token}"}


def scan(home: Home) -> list[Marked]:
    """Every running process of this home and this user, without the calling one."""
    found = []
    own = os.getpid()
    for process in psutil.process_iter():
        try:
            if process.pid == own or process.uids().real != os.getuid():
                continue
            environment = process.environ()
            name, _, token = environment.get(MARK, "").rpartition(":")
            if name and environment.get("KAIZEN_HOME") == str(home.root) and alive(process):
                found.append(Marked(process, name, token))
        except (psutil.Error, OSError):
            continue  # it ended meanwhile, or it hides its environment: none of ours does
    return found


def alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def created(pid: int) -> float:
    """Start time of a process just started, seconds since the epoch; it may have ended already."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return time.time()


def find(seen: Process | None) -> psutil.Process | None:
    """The process that ``seen`` is about, None when it has ended or its pid belongs to another."""
    if seen is None or seen.pid is None or seen.created is None:
        return None
    try:
        process = psutil.Process(seen.pid)
        same = abs(process.create_time() - seen.created) < 1.0
    except psutil.Error:
        return None
    return process if same and alive(process) else None


def end(processes: Iterable[psutil.Process], grace_s: float) -> None:
    """Ask them to finish, wait up to ``grace_s``, kill what is left and wait for that."""
    asked = list(processes)
    _signal(asked, signal.SIGTERM)
    kill(wait(asked, grace_s))


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill them and wait for that."""
    left = list(processes)
    _signal(left, signal.SIGKILL)
    wait(left, 5.0)


def wait(processes: Iterable[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until all have ended; those that have not after ``timeout_s``.

    psutil's own wait would take the exit of the supervisor's children away from it, and waits
    for ever on a zombie that nobody collects.
    """
    deadline = time.monotonic() + timeout_s
    while (left := [each for each in processes if alive(each)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)
