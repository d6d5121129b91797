"""Servers that stand by themselves, as some systems' users run them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.environments import Missing
from benchmarks.measure import NO_TELEMETRY

READY_S = 90.0


@dataclass(frozen=True)
class Server:
    """A server and the processes it started."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """CPU used so far by the server's whole tree."""
        root = psutil.Process(self.pid)
        total = 0.0
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.Error):
                used = process.cpu_times()
                total += used.user + used.system
        return total


@contextmanager
def prefect(python: str, home: Path) -> Iterator[Server]:
    """Prefect's server on a free port of loopback, ended with the block.

    Raises:
        Missing: it did not come up.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    variables = {**os.environ, **NO_TELEMETRY, "PREFECT_HOME": str(home / "prefect")}
    variables.update(HOME=str(home), PREFECT_API_URL=url, PREFECT_LOGGING_LEVEL="WARNING")
    command = [python, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env=variables,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        _wait(url, process, home / "server.log")
        yield Server(url, process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310
            return
        time.sleep(0.2)
    raise Missing(f"Prefect's server did not come up: see {log}")
