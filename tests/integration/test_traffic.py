"""Splits, canaries and ways back on real routers and processes of a tiny HTTP server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import rolling
from rolling import Load, Place, eventually, version_at

from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.settings import RolloutRule
from kaizen.registry.champions import Champion
from kaizen.rollout import deployments, problems, processes, supervisor_process
from kaizen.rollout.state import State

pytestmark = pytest.mark.integration

STAGES = RolloutRule(stages=(20, 50, 100), min_requests=30, max_seconds=20, keep_warm_s=0)
WARM = RolloutRule(keep_warm_s=60)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    there = Place(Home(tmp_path / "home"))
    yield there
    deployments.down(there.home)
    assert there.running() == []


def test_a_release_kept_warm_is_back_at_once_and_ends_when_its_time_is_over(place: Place) -> None:
    live = place.deploy("1", rule=WARM)
    old = place.server()
    place.deploy("2", rule=RolloutRule(keep_warm_s=3.0))
    stages = {each.version: each.stage for each in deployments.status(place.home)}
    assert stages == {"1": "warm", "2": "live"}
    assert version_at(live.url) == "2"
    assert version_at(live.url, **{"X-Model-Version": "1"}) == "1", "a pin still leads to it"
    back = place.rollback()
    assert back.version == "1"
    assert old.is_running()
    assert old.pid in deployments.status(place.home)[0].pids, "it was not started anew"
    assert version_at(live.url) == "1"
    eventually(lambda: [each.version for each in deployments.status(place.home)] == ["1"])
    eventually(lambda: len(place.running()) == 3)
    gone = httpx.post(f"{live.url}/predict", json={}, headers={"X-Model-Version": "2"})
    assert gone.status_code == 404


def test_a_split_by_hand_survives_down_and_a_killed_everything(place: Place) -> None:
    live = place.deploy("1")
    assert place.shift({"1": 60, "2": 40}) == {"1": 60, "2": 40}
    assert place.followed[-1] == "diabetes 1", "the name follows only to all requests"

    def split() -> float:
        with httpx.Client() as client:
            answers = [
                client.post(f"{live.url}/predict").json()["model_version"] for _ in range(400)
            ]
        return answers.count("2") / 400

    assert 0.28 < split() < 0.52  # five standard deviations
    for process in place.running():
        process.kill()
    eventually(lambda: place.running() == [])
    (live,) = place.up()  # another test may have taken the port meanwhile
    assert 0.28 < split() < 0.52
    deployments.down(place.home)
    (live,) = place.up()
    assert {each.version: each.weight for each in deployments.status(place.home)} == {
        "1": 60, "2": 40,
    }  # fmt: skip
    assert place.shift({"2": 100}) == {"2": 100}
    assert place.followed[-1] == "diabetes 2"
    assert version_at(live.url) == "2"


def test_a_third_version_takes_the_place_of_the_one_not_named(place: Place) -> None:
    live = place.deploy("1")
    place.shift({"1": 50, "2": 50})
    with Load(live.url) as load:
        assert place.shift({"2": 70, "3": 30}) == {"2": 70, "3": 30}
        before = len(load.answers)
        eventually(lambda: len(load.answers) > before + 100)
        assert set(load.answers[before + 8 :]) == {"2", "3"}
    assert load.failures == []
    with pytest.raises(KaizenError, match="neither v4 nor v5 of diabetes is served now"):
        place.shift({"4": 50, "5": 50})


def test_a_wrong_answer_gets_no_share(place: Place) -> None:
    live = place.deploy("1")
    with pytest.raises(KaizenError, match=r"v2 was not given its share: .*found \{'value': 2.5\}"):
        place.shift({"1": 90, "2": 10}, behaviour="wrong")
    assert version_at(live.url) == "1"
    assert [each.version for each in deployments.status(place.home)] == ["1"]


def test_a_canary_goes_from_stage_to_stage(place: Place) -> None:
    live = place.deploy("1")
    with Load(live.url) as load:
        eventually(lambda: len(load.answers) > 50)
        place.deploy("2", rule=STAGES)
        after = len(load.answers)
        eventually(lambda: len(load.answers) > after + 50)
    assert load.failures == []
    assert set(load.answers[after + 8 :]) == {"2"}
    words = "\n".join(place.said)
    assert "begins with 20 %" in words
    assert "goes on to 50 %" in words
    assert "at 50 % 0 of" in words
    assert place.followed == ["diabetes 1", "diabetes 2"]
    with State(place.home) as state:
        row = state.desired()["diabetes"]
        assert (row.canary, [each.weight for each in row.releases]) == (None, [100])
        changes = [change.what for change in state.history()]
    assert changes == ["serve", "canary", "canary", "serve", "retire"]
    assert list((place.home.rollout / "router").glob("*.watch")) == []


def test_a_canary_that_fails_goes_back_by_itself_and_says_what_was_seen(place: Place) -> None:
    live = place.deploy("1")
    with Load(live.url) as load:
        eventually(lambda: len(load.answers) > 50)
        with pytest.raises(KaizenError, match=r"of \d+ requests failed.*v1 goes on serving"):
            place.deploy("2", "fails", rule=STAGES)
        assert load.failures
        load.settled()
        after = len(load.answers)
        eventually(lambda: len(load.answers) > after + 50)
        assert set(load.answers[after + 8 :]) == {"1"}
    assert place.followed == ["diabetes 1"]
    assert load.failures, "the canary's share saw its failures"
    with State(place.home) as state:
        (last,) = [change for change in state.history() if change.what == "back"]
        assert "requests failed" in last.why
    eventually(lambda: len(place.running()) == 3)


def test_a_canary_whose_server_ends_goes_back(place: Place) -> None:
    place.deploy("1")
    slow = STAGES.model_copy(update={"min_requests": 10_000, "max_seconds": 60.0})

    def kill_it() -> None:
        def canary() -> list[int]:
            found = [each for each in deployments.status(place.home) if each.stage == "canary"]
            return [pid for each in found for pid in each.pids[:1]]

        eventually(lambda: canary() != [])
        psutil.Process(canary()[0]).kill()

    killer = threading.Thread(target=kill_it)
    killer.start()
    with pytest.raises(KaizenError, match="its server ended with exit code -9: "):
        place.deploy("2", rule=slow)
    killer.join()
    assert [each.version for each in deployments.status(place.home)] == ["1"]


def test_too_few_requests_and_the_golden_set_decides(place: Place) -> None:
    live = place.deploy("1")
    short = STAGES.model_copy(update={"max_seconds": 0.5})
    place.deploy("2", rule=short)
    words = [word for word in place.said if "golden answers and a replay decide" in word]
    assert len(words) == 2, "both stages before 100"
    assert "too few to judge" in words[0]
    assert "30 were due" in words[0]
    assert version_at(live.url) == "2"


def test_a_rollback_ends_a_canary_that_is_on_its_way(place: Place) -> None:
    live = place.deploy("1")
    slow = STAGES.model_copy(update={"min_requests": 10_000, "max_seconds": 60.0})
    failures: list[str] = []

    def deploy() -> None:
        with pytest.raises(KaizenError) as failure:
            place.deploy("2", rule=slow)
        failures.append(str(failure.value))

    thread = threading.Thread(target=deploy)
    thread.start()
    eventually(lambda: any("begins with" in word for word in place.said))
    with pytest.raises(KaizenError, match=r"v2 is in progress \(20 %.*kaizen rollback diabetes"):
        place.deploy("3")
    assert place.rollback().version == "1"
    thread.join()
    assert "another command has ended its canary" in failures[0]
    assert version_at(live.url) == "1"
    assert [each.version for each in deployments.status(place.home)] == ["1"]


def test_a_canary_whose_command_is_killed_goes_back_by_itself(place: Place) -> None:
    place.deploy("1")
    script = Path(rolling.__file__)
    variables = {**os.environ, "KAIZEN_HOME": str(place.home.root)}
    command = subprocess.Popen([sys.executable, str(script), "2"], env=variables)
    eventually(
        lambda: [each.stage for each in deployments.status(place.home)] == ["live", "canary"], 30
    )
    command.send_signal(signal.SIGKILL)
    command.wait()
    begun = time.monotonic()
    eventually(lambda: [each.version for each in deployments.status(place.home)] == ["1"])
    assert time.monotonic() - begun < 6
    with State(place.home) as state:
        assert "nobody watched it any more" in state.history()[-2].why
    eventually(lambda: len(place.running()) == 3)
    assert supervisor_process.running(place.home)


def test_what_is_wrong_is_named_with_what_mends_it(place: Place) -> None:
    def wrong(**champions: Champion) -> list[tuple[str, str]]:
        return [(each.what, each.mend) for each in problems.find(place.home, champions)]

    gone = Champion(version=None, promoted="9")
    assert wrong(digits=gone) == [
        (
            "v9 was champion and was deleted from the registry",
            "kaizen promote digits VERSION, or kaizen run digits",
        )
    ]
    place.deploy("1")
    assert wrong(diabetes=Champion(version="1", promoted="1")) == []
    other = Champion(version="7", promoted="7")
    assert wrong(diabetes=other) == [("v1 has all requests and v7 is champion", "kaizen up")]
    supervisor = supervisor_process.running(place.home)
    assert supervisor
    psutil.Process(supervisor).kill()
    eventually(lambda: supervisor_process.running(place.home) is None)
    place.server().kill()
    (share,) = (place.home.rollout / "router").glob("diabetes.share")
    share.write_text("8000")
    found = [what for what, _ in wrong()]
    assert found[0].startswith("no supervisor keeps")
    assert found[1:] == ["v1 does not run", "the router does not follow the record"]
    place.up()
    assert wrong() == []
    stray = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env=processes.mark(place.home, "diabetes-v5-20000", "lost"),
    )
    eventually(lambda: wrong() == [("nothing asks for diabetes-v5-20000", "kaizen up")])
    place.up()
    assert stray.wait(10) != 0
    assert wrong() == []
    deployments.down(place.home)
    assert wrong() == [("nothing runs of diabetes", "kaizen up")]
