"""Servers that stand by themselves, as some systems' users run them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.environments import Missing
from benchmarks.measure import NO_TELEMETRY, ROOT
from kaizen.core import ports

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
def started(command: list[str], variables: dict[str, str], ready: str, log: Path) -> Iterator[int]:
    """A server's process id once ``ready`` answers; it is ended with the block, children too.

    Raises:
        Missing: it did not come up.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=variables,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        _wait(ready, process, log)
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def prefect(python: str, home: Path) -> Iterator[Server]:
    """Prefect's server on a free port of loopback, ended with the block.

    Raises:
        Missing: it did not come up.
    """
    port = ports.choose("bench_prefect", 4200)
    url = f"http://{ports.HOST}:{port}/api"
    variables = {**os.environ, **NO_TELEMETRY, "PREFECT_HOME": str(home / "prefect")}
    variables.update(HOME=str(home), PREFECT_API_URL=url, PREFECT_LOGGING_LEVEL="WARNING")
    command = [python, "-m", "prefect", "server", "start", "--host", ports.HOST]
    log = home / "server.log"
    with started([*command, "--port", str(port)], variables, f"{url}/health", log) as pid:
        yield Server(url, pid)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310
            return
        time.sleep(0.2)
    raise Missing(f"{url} did not answer: see {log}")
