"""Runs one command and says what its whole process tree cost.

    python -m benchmarks.launch REPORT LIMIT_S COMMAND ...

CPU seconds are ``getrusage(RUSAGE_CHILDREN)`` of this small process, which on Linux adopts
orphans (``PR_SET_CHILD_SUBREAPER``), so that also what a run left behind is counted once it has
ended. The peak is the largest sum of proportional set sizes over the tree, looked at ten times a
second: resident memory, with a page that several processes share divided among them.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

import psutil

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
EVERY_S = 0.1
GRACE_S = 5.0
"""What the command left running may take this long to end by itself."""


def main() -> None:
    report, limit, command = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    signal.signal(signal.SIGTERM, _stopped)
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    peak = Peak()
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    peak.start()
    timer = threading.Timer(limit, end_all)
    timer.start()
    code = process.wait()
    wall = time.perf_counter() - begun
    reap()
    timer.cancel()
    peak.stop()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {
        "code": code,
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": peak.bytes / 2**20,
    }
    report.write_text(json.dumps(found), encoding="utf-8")


class Peak(threading.Thread):
    """Watches the memory of this process's descendants."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(EVERY_S):
            total = 0
            for process in descendants():
                with suppress(psutil.Error):
                    total += process.memory_full_info().pss
            self.bytes = max(self.bytes, total)

    def stop(self) -> None:
        self._ended.set()
        self.join()


def descendants() -> list[psutil.Process]:
    """Every living process that this one started, directly or not."""
    return psutil.Process().children(recursive=True)


def end_all() -> None:
    """End what the command started and what is still there."""
    for process in descendants():
        with suppress(psutil.Error):
            process.kill()


def _stopped(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal's own
    """Whoever measures is gone or has had enough: nothing is left running."""
    end_all()
    os._exit(128 + number)


def reap() -> None:
    """Wait for orphans, end those that do not end by themselves, and collect their figures."""
    deadline = time.monotonic() + GRACE_S
    while True:
        try:
            found, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if found == 0:
            if time.monotonic() > deadline:
                end_all()
            time.sleep(0.02)


if __name__ == "__main__":
    main()
