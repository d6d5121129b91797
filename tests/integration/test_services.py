"""A service of another owner lives through all that happens to releases, on real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from repository import PROJECT_ROOT
from rolling import Load, Place, eventually, version_at

from kaizen.core.layout import open_home
from kaizen.core.paths import Home
from kaizen.core.settings import RolloutRule
from kaizen.rollout import deployments, problems, processes, services, supervisor_process
from kaizen.rollout.services import RegisteredService
from kaizen.rollout.state import State

pytestmark = pytest.mark.integration

OWNER, NAME = "tests", "ticker"
LOOP = "import time\nwhile True:\n    print('tick', flush=True)\n    time.sleep(0.1)\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    there = Place(Home(tmp_path / "home"))
    yield there
    deployments.down(there.home)
    assert there.running() == []


def register(home: Home, code: str = LOOP, name: str = NAME) -> None:
    environment = {"PATH": os.environ["PATH"], "COLOUR": "green"}
    services.register(home, OWNER, name, (sys.executable, "-c", code), environment)


def ticker(home: Home) -> RegisteredService:
    (found,) = services.of(home, OWNER)
    return found


def pid_of(home: Home) -> int:
    eventually(lambda: ticker(home).state == "running")
    pid = ticker(home).pid
    assert pid is not None
    return pid


def pids(place: Place) -> set[int]:
    return {process.pid for process in place.running()}


def kill_supervisor(home: Home) -> None:
    supervisor = supervisor_process.running(home)
    assert supervisor is not None
    psutil.Process(supervisor).kill()
    eventually(lambda: supervisor_process.running(home) is None)


def kaizen(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kaizen.cli.main", *words],
        env={**os.environ, "KAIZEN_HOME": str(home.root)},
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_service_lives_through_everything_that_happens_to_releases(place: Place) -> None:
    home = place.home
    register(home)
    pid = pid_of(home)
    variables = psutil.Process(pid).environ()
    assert (variables["COLOUR"], variables["KAIZEN_HOME"]) == ("green", str(home.root))
    assert psutil.Process(pid).cwd() == str(home.root)

    live = place.deploy("1", rule=RolloutRule(keep_warm_s=1.0))
    with Load(live.url) as load:
        place.deploy("2", rule=RolloutRule(keep_warm_s=1.0))
        place.rollback()
        place.shift({"1": 50, "2": 50})
        place.shift({"1": 100})
    assert load.failures == []
    # What is warm no longer is ended by the supervisor's own round, which leaves the service alone.
    eventually(lambda: [each.version for each in deployments.status(home)] == ["1"])
    eventually(lambda: len(place.running()) == 4)
    assert place.up() != []
    register(home)
    assert pid_of(home) == pid, "it was never restarted, nor by registering it again"

    kill_supervisor(home)
    assert ticker(home).state == "running", "it goes on without a supervisor"
    assert place.up() != []
    assert pid_of(home) == pid, "the next supervisor has adopted it"

    psutil.Process(pid).kill()
    eventually(lambda: ticker(home).pid not in (None, pid))
    assert ticker(home).exits == 1
    assert version_at(live.url) == "1"
    assert problems.find(home, {}) == []

    assert deployments.down(home) == 4
    assert place.running() == []
    assert ticker(home).state == "stopped", "it stays registered"
    assert [each.what for each in problems.find(home, {})] == ["nothing runs of diabetes, ticker"]
    (again,) = place.up()
    assert version_at(again.url) == "1"
    pid_of(home)
    log = Path(ticker(home).log)
    assert log.read_text().count("tick") > 3

    assert services.unregister(home, OWNER, NAME)
    assert [each for each in processes.scan(home) if each.name == NAME] == []
    assert not services.unregister(home, OWNER, NAME)
    assert services.of(home, OWNER) == []
    assert version_at(again.url) == "1"


def test_another_command_under_a_known_name_restarts_it(place: Place) -> None:
    register(place.home)
    before = pid_of(place.home)
    place.deploy("1")
    server = place.server()
    register(place.home, LOOP.replace("tick", "tock"))
    eventually(lambda: "tock" in Path(ticker(place.home).log).read_text())
    assert pid_of(place.home) != before
    assert before not in pids(place)
    assert place.server() == server
    # Changed while nobody supervises: what still runs is the former command, and is not adopted.
    former = pid_of(place.home)
    kill_supervisor(place.home)
    register(place.home, LOOP.replace("tick", "tuck"))
    eventually(lambda: "tuck" in Path(ticker(place.home).log).read_text())
    assert former not in pids(place)
    assert place.server() == server


def test_a_service_needs_no_release(place: Place) -> None:
    """The commands as a user types them, in a home that serves nothing."""
    home = place.home
    open_home(home, make=True, report=place.said.append)
    register(home)
    pid = pid_of(home)
    said = json.loads(kaizen(home, "status", "--json").stdout.splitlines()[-1])
    (found,) = said["registered"]
    assert {key: found[key] for key in ("name", "owner", "pid", "state")} == {
        "name": NAME, "owner": OWNER, "pid": pid, "state": "running",
    }  # fmt: skip
    assert (said["services"], said["problems"]) == ([], [])
    assert f"{NAME}   {OWNER}" in kaizen(home, "status").stdout
    assert kaizen(home, "logs", NAME, "-n", "1").stdout == "tick\n"
    doctor = json.loads(kaizen(home, "doctor", "--json").stdout.splitlines()[-1])
    (check,) = [each for each in doctor["checks"] if each["name"] == "processes"]
    assert check["state"] == "ok"
    assert NAME in check["found"]
    assert kaizen(home, "down").stdout == "2 processes ended\n"
    assert pid not in pids(place)
    assert NAME in kaizen(home, "up").stdout
    pid_of(home)


def test_one_that_ends_again_and_again_is_named_with_its_log(place: Place) -> None:
    register(place.home, "raise SystemExit('no such rule')")
    eventually(lambda: ticker(place.home).exits > 2)
    eventually(lambda: ticker(place.home).state == "restarting")
    (problem,) = problems.find(place.home, {})
    assert "ticker of tests has ended" in problem.what
    assert problem.mend == "kaizen logs ticker"
    assert "no such rule" in Path(ticker(place.home).log).read_text()


def test_a_supervisor_of_an_earlier_kaizen_is_replaced_and_its_services_adopted(
    place: Place,
) -> None:
    live = place.deploy("1")
    server, old = place.server(), supervisor_process.running(place.home)
    with State(place.home) as state:
        state.remember("supervisor.schema", "1")
    register(place.home)
    assert supervisor_process.running(place.home) not in (None, old)
    pid_of(place.home)
    assert place.server() == server
    assert version_at(live.url) == "1"
