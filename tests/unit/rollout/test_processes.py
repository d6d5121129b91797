"""Processes of a home are found by their mark, whoever their parent is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kaizen.core.paths import Home
from kaizen.rollout import processes
from kaizen.rollout.state import Process

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True);"
    "time.sleep(60)"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def stubborn(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ignores the wish that it end."""
    variables = {**os.environ, **processes.mark(home, "digits-v1", "t0")}
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], env=variables, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def test_found_by_home_and_name(
    home: Home, stubborn: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    (found,) = processes.scan(home)
    assert (found.process.pid, found.name, found.token) == (stubborn.pid, "digits-v1", "t0")
    assert processes.scan(Home(tmp_path / "other")) == []


def test_the_end_is_the_end(home: Home, stubborn: subprocess.Popen[bytes]) -> None:
    found = [each.process for each in processes.scan(home)]
    assert processes.wait(found, 0.1) == found
    processes.end(found, grace_s=0.1)
    assert processes.scan(home) == []


def test_a_pid_used_again_is_another_process() -> None:
    own = psutil.Process()
    seen = Process(name="s", pid=own.pid, created=own.create_time())
    assert processes.find(seen) == own
    assert processes.find(seen.model_copy(update={"created": own.create_time() - 60})) is None
    assert processes.find(seen.model_copy(update={"pid": None})) is None
    assert processes.find(None) is None


def test_a_zombie_does_not_run() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    zombie = psutil.Process(process.pid)
    assert processes.wait([zombie], 10) == []
    assert zombie.status() == psutil.STATUS_ZOMBIE
    process.wait()
