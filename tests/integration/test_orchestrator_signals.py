"""A run that is interrupted in the middle of a training leaves a clean record and no process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from repository import PROJECT_ROOT

pytestmark = [pytest.mark.integration, pytest.mark.slow]

STATES = """
import json
from kaizen.core import environment
environment.apply()
from zenml.client import Client
run = Client().list_pipeline_runs(sort_by="desc:created", size=1).items[0]
steps = Client().list_run_steps(pipeline_run_id=run.id, size=50).items
print(json.dumps([run.status.value, {s.name: s.status.value for s in steps}]))
"""


class Machine:
    """A state folder, and the processes that live in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if "KAIZEN" not in name}
        for name in ("MLFLOW_TRACKING_URI", "ZENML_ACTIVE_STACK_ID"):
            kept.pop(name, None)
        self.environment = {
            **kept, "KAIZEN_HOME": str(home), "PYTHONPATH": str(PROJECT_ROOT),
        }  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *words],
            env=self.environment, cwd=PROJECT_ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def train(self) -> subprocess.Popen[str]:
        words = ("train", "digits", "--preset", "fast", "--set", "params.epochs=50")
        return self.start("-m", "kaizen.cli.main", *words)

    def processes(self) -> set[int]:
        found = set()
        for process in psutil.process_iter():
            try:
                if process.environ().get("KAIZEN_HOME") == str(self.home):
                    found.add(process.pid)
            except psutil.Error:
                continue
        return found

    def states(self) -> tuple[str, dict[str, str]]:
        out, err = self.start("-c", STATES).communicate(timeout=120)
        assert out, err
        run, steps = json.loads(out.splitlines()[-1])
        return run, steps

    def in_training(self, process: subprocess.Popen[str]) -> None:
        """Wait for the first epoch: the terminal repeats the figure of a long step."""
        assert process.stderr is not None
        for line in process.stderr:
            if "train" in line and "epoch" in line:
                return
        raise AssertionError(f"the run ended: {process.wait()}")

    def left(self, within_s: float) -> set[int]:
        end = time.monotonic() + within_s
        while (found := self.processes()) and time.monotonic() < end:
            time.sleep(0.05)
        return found


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("signals") / "home")
    yield made
    for pid in made.processes():
        psutil.Process(pid).kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_run_within_5_s(machine: Machine, number: signal.Signals) -> None:
    process = machine.train()
    machine.in_training(process)
    assert len(machine.processes()) >= 3, "the training is not in a process of its own"
    begun = time.monotonic()
    process.send_signal(number)
    assert process.wait(20) == 1
    assert time.monotonic() - begun < 5
    assert not machine.left(within_s=1)
    run, steps = machine.states()
    assert run == "stopped"
    assert steps["train"] == "stopped"
    assert set(steps.values()) <= {"completed", "cached", "stopped"}
    assert process.stderr is not None
    assert process.stderr.read().splitlines()[-1].endswith("stopped")
