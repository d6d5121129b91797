"""The main job, run once per test session as a user runs it; many tests ask about that one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from repository import PROJECT_ROOT

from kaizen.core.paths import Home

KAIZEN = Path(sys.executable).with_name("kaizen")


@dataclass
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out.splitlines()[-1])


@dataclass
class Machine:
    """A user's machine: a home folder of the user, empty at first, a state folder, a ``kaizen``."""

    user: Path
    home: Home
    environment: dict[str, str] = field(default_factory=dict)
    program: Path = KAIZEN

    def variables(self) -> dict[str, str]:
        kept = ("PATH", "LANG", "PYTHONDONTWRITEBYTECODE", "COVERAGE_PROCESS_START")
        clean = {name: os.environ[name] for name in kept if name in os.environ}
        return {
            **clean,
            "HOME": str(self.user),
            "KAIZEN_HOME": str(self.home.root),
            **self.environment,
        }

    def kaizen(self, *words: str, cwd: Path = PROJECT_ROOT) -> Answer:
        """Run ``kaizen`` with ``words`` as the user would."""
        done = subprocess.run(
            [str(self.program), *words],
            env=self.variables(), cwd=cwd, capture_output=True, text=True, timeout=850, check=False,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    def processes(self) -> list[psutil.Process]:
        """Processes that live in this state folder."""
        mine = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("KAIZEN_HOME") == str(self.home.root):
                    mine.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return mine


def machine(folder: Path) -> Machine:
    user = folder / "user"
    user.mkdir(parents=True)
    return Machine(user, Home(folder / "state of kaizen"))


@pytest.fixture(scope="session")
def machine_in() -> Callable[[Path], Machine]:
    """Makes a machine in a folder, for a module that wants one of its own."""
    return machine


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that keeps its state between tests."""
    made = machine(tmp_path_factory.mktemp("laptop"))
    yield made
    made.kaizen("down")


@pytest.fixture(scope="session")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A second state folder on the same machine."""
    made = machine(tmp_path_factory.mktemp("neighbour"))
    yield made
    made.kaizen("down")


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which nothing was ever run."""
    return machine(tmp_path_factory.mktemp("newcomer"))


@pytest.fixture(scope="session")
def kaizen_command() -> str:
    """The console script."""
    return str(KAIZEN)


@pytest.fixture(scope="session")
def job(laptop: Machine) -> Answer:
    """``kaizen run digits --preset fast --json`` on a fresh machine, from another folder."""
    words = ("--project", str(PROJECT_ROOT), "run", "digits", "--preset", "fast", "--json")
    return laptop.kaizen(*words, cwd=laptop.user.parent)
