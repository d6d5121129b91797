"""A real ``bentoml serve`` of a Bento of :mod:`tests.integration.linear`."""

from __future__ import annotations

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from kaizen.client.http_client import wait_ready
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.inference.golden import Golden
from kaizen.server.command import command, environment


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    url: str
    run: Path
    events: Path
    release: Release
    golden: Golden
    ready_s: float
    home: Home

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def start(packaged: tuple[Home, Release, Golden], run: Path, workers: int) -> Server:
    home, release, golden = packaged
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run.mkdir()
    events = run / "events" / "diabetes"
    with (run / "log").open("wb") as log:
        process = subprocess.Popen(
            command(release, port, workers),
            env=environment(release, run, events, home),
            cwd=run,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        ready = wait_ready(url, 60.0)
    except KaizenError:
        process.kill()
        pytest.fail((run / "log").read_text())
    return Server(process, url, run, events, release, golden, ready, home)


def stop(server: Server) -> None:
    if server.process.poll() is None:
        server.process.terminate()
    server.process.wait(30)
