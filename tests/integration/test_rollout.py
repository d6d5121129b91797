"""Real routers, real processes: releases of a tiny HTTP server go live, break and come back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from rolling import Load, Place, eventually, version_at

from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.rollout import deployments, processes, supervisor_process
from kaizen.rollout.caddy import Caddy
from kaizen.rollout.change_lock import lock
from kaizen.rollout.state import State

pytestmark = pytest.mark.integration


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    # Longer than the path of a socket may be.
    there = Place(Home(tmp_path / ("a" * 60) / ("b" * 60)))
    yield there
    deployments.down(there.home)
    assert there.running() == []


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Place]:
    there = Place(Home(tmp_path / "other"))
    yield there
    deployments.down(there.home)
    assert there.running() == []


def test_a_release_goes_live_is_swapped_under_load_and_rolled_back(place: Place) -> None:
    first = place.deploy("1")
    assert first.url == f"http://127.0.0.1:{first.port}/diabetes"
    assert version_at(first.url) == "1"

    with Load(first.url) as load:
        eventually(lambda: len(load.answers) > 100)
        second = place.deploy("2")
        after = len(load.answers)
        eventually(lambda: len(load.answers) > max(after, 350) + 50)
        # Answers under way at the swap may still be the old one's; these are not.
        assert set(load.answers[after + 8 :]) == {"2"}
        place.rollback()
        again = len(load.answers)
        eventually(lambda: len(load.answers) > max(again + 50, 500))
        assert set(load.answers[again + 8 :]) == {"1"}
    assert load.failures == []
    assert len(load.answers) >= 500

    assert second.url == first.url
    assert place.followed == ["diabetes 1", "diabetes 2", "diabetes 1"]
    with pytest.raises(KaizenError, match="v1 is the only release there was"):
        place.rollback()
    with State(place.home) as state:
        served = [change.what for change in state.history() if change.what != "retire"]
    assert served == ["serve"] * 3
    # Nothing but supervisor, router and the one server is left.
    eventually(lambda: len(place.running()) == 3)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("exits", "exit code 1: model.onnx is damaged"),
        ("wrong", "expected {'value': 1.5}, found {'value': 2.5}"),
        ("never-ready", "not ready within 1.5 s: still loading"),
    ],
)
def test_a_broken_release_leaves_the_old_one(place: Place, behaviour: str, reason: str) -> None:
    live = place.deploy("1")
    with pytest.raises(KaizenError) as failure:
        place.deploy("2", behaviour, patience_s=10.0 if behaviour != "never-ready" else 1.5)
    assert reason in str(failure.value)
    assert "v1 goes on serving" in str(failure.value)
    assert str(place.home.logs / "diabetes-v2.log") in str(failure.value)
    assert version_at(live.url) == "1"
    assert place.followed == ["diabetes 1"]
    assert [service.version for service in deployments.status(place.home)] == ["1"]
    eventually(lambda: len(place.running()) == 3)


def test_when_the_champions_name_cannot_move_the_old_release_comes_back(place: Place) -> None:
    live = place.deploy("1")

    def refuse(usecase: str, version: str) -> None:
        assert version_at(live.url) == version  # every request is the new one's by now
        raise KaizenError("the registry is locked")

    with Load(live.url) as load:
        eventually(lambda: len(load.answers) > 20)
        with pytest.raises(KaizenError, match="the registry is locked; v1 goes on serving"):
            place.deploy("2", follow=refuse)
        after = len(load.answers)
        eventually(lambda: len(load.answers) > after + 50)
    assert load.failures == []
    assert "2" in load.answers
    assert load.answers[-1] == "1"


def test_what_is_killed_comes_back_by_itself(place: Place) -> None:
    live = place.deploy("1")
    server = place.server()
    again = place.deploy("1")
    assert again.model_copy(update={"seconds": live.seconds}) == live
    assert place.server() == server, "the live release is only asked whether it answers"

    server.kill()
    (router,) = [each.process for each in processes.scan(place.home) if each.name == "router"]
    router.kill()

    def answers() -> bool:
        try:
            return httpx.post(f"{live.url}/predict", json={}).status_code == 200
        except httpx.HTTPError:
            return False

    eventually(answers)
    assert version_at(live.url) == "1"
    assert place.server() != server


def test_up_after_a_killed_supervisor_adopts_what_runs(place: Place) -> None:
    live = place.deploy("1")
    before = {process.pid for process in place.running()}
    supervisor = supervisor_process.running(place.home)
    assert supervisor is not None
    psutil.Process(supervisor).kill()
    eventually(lambda: supervisor_process.running(place.home) is None)
    assert version_at(live.url) == "1", "the servers go on without a supervisor"

    (again,) = place.up()
    assert again.url == live.url
    after = {process.pid for process in place.running()}
    assert len(after) == 3
    assert before - {supervisor} == after - {supervisor_process.running(place.home)}, (
        "none started twice"
    )
    # What was adopted is kept alive like any other.
    adopted = place.server()
    adopted.kill()
    eventually(lambda: deployments.status(place.home)[0].ready and place.server() != adopted)


def test_down_ends_the_orphans_of_a_killed_supervisor_and_up_brings_all_back(place: Place) -> None:
    live = place.deploy("1")
    supervisor = supervisor_process.running(place.home)
    assert supervisor is not None
    psutil.Process(supervisor).kill()
    assert deployments.down(place.home) == 2
    assert place.running() == []
    assert deployments.down(place.home) == 0

    (service,) = deployments.status(place.home)
    assert (service.version, service.ready, service.pids) == ("1", False, ())
    (again,) = place.up()
    assert again.url == live.url
    assert version_at(again.url) == "1"
    assert place.up() != []
    assert len(place.running()) == 3


def test_down_and_swaps_wait_for_the_requests_under_way(place: Place) -> None:
    """The servers here end at the first word and answer nothing more."""
    live = place.deploy("1", "abrupt")
    answers: list[str] = []
    asking: list[threading.Thread] = []

    def ask(version: str) -> None:
        headers = {"X-Delay": "1", "X-Model-Version": version}
        answer = httpx.post(f"{live.url}/predict", json={}, headers=headers)
        answers.append(answer.json().get("model_version", answer.text))

    def ask_slowly(version: str) -> None:
        asking.append(threading.Thread(target=ask, args=(version,)))
        asking[-1].start()
        log = place.home.logs / f"diabetes-v{version}.log"
        eventually(lambda: "waiting" in log.read_text())

    place.deploy("2", "abrupt", follow=lambda *_: ask_slowly("1"))
    ask_slowly("2")
    deployments.down(place.home)
    for each in asking:
        each.join()
    assert answers == ["1", "2"]


def test_up_moves_a_server_whose_port_was_taken(place: Place) -> None:
    place.deploy("1")
    deployments.down(place.home)
    with State(place.home) as state:
        port = state.desired()["diabetes"].main.port
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", port))
        thief.listen()
        (live,) = place.up()
        assert version_at(live.url) == "1"


def test_two_homes_side_by_side(place: Place, other: Place) -> None:
    here, there = place.deploy("1"), other.deploy("7")
    assert here.port != there.port
    assert (version_at(here.url), version_at(there.url)) == ("1", "7")
    deployments.down(other.home)
    assert version_at(here.url) == "1"


def test_a_pin_and_weights_split_the_requests(place: Place) -> None:
    live = place.deploy("1")
    place.deploy("2", usecase="digits")
    # As a command would: else the supervisor's round makes the router follow the row again.
    with lock(place.home, place.said.append), State(place.home) as state:
        # Two releases of one use case, as a canary will have them.
        old, new = state.desired()["diabetes"].main, state.desired()["digits"].main
        pair = (
            old.model_copy(update={"weight": 80}),
            new.model_copy(update={"weight": 20, "slot": "green"}),
        )
        both = state.desired()["diabetes"].model_copy(update={"releases": pair})
        Caddy(place.home, state).route(both)
        pin = "X-Model-Version"
        assert {version_at(live.url, **{pin: "2"}) for _ in range(10)} == {"2"}
        assert {version_at(live.url, **{pin: "1"}) for _ in range(10)} == {"1"}
        unknown = httpx.post(f"{live.url}/predict", json={}, headers={pin: "3"})
        assert unknown.status_code == 404
        assert pin in unknown.json()["detail"]
        with httpx.Client() as client:
            said = [client.post(f"{live.url}/predict").json()["model_version"] for _ in range(400)]
        assert 0.10 < said.count("2") / 400 < 0.30  # five standard deviations


def test_the_router_shows_nothing_but_the_listed_paths(place: Place) -> None:
    live = place.deploy("1")
    root = f"http://127.0.0.1:{live.port}"
    index = httpx.get(root)
    assert index.status_code == 200
    assert index.json()["usecases"]["diabetes"]["versions"] == {"1": 100}
    for path in ("/nothing", "/diabetes/secret", "/diabetes", "/digits/predict", "/state.db"):
        answer = httpx.get(root + path)
        assert (answer.status_code, answer.json()["type"]) == (404, "about:blank"), path
    with socket.create_connection(("127.0.0.1", live.port)) as raw:
        raw.sendall(b"GET //diabetes/x/../%76ersion?a=b HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = raw.recv(4096).decode()
    assert '"raw": "/version", "query": "a=b"' in answer, "the service sees the plain path only"


def test_a_model_that_is_down_is_an_error_in_json(place: Place) -> None:
    live = place.deploy("1")
    with lock(place.home, place.said.append), State(place.home) as state:
        desired = state.desired()["diabetes"]
        gone = desired.main.model_copy(update={"port": 1})
        Caddy(place.home, state).route(desired.model_copy(update={"releases": (gone,)}))
        secrets = {"x-api-key": "secret-one", "authorization": "Bearer secret-two"}
        answer = httpx.post(f"{live.url}/predict", json={}, headers=secrets)
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["detail"]) == (502, "the model does not answer")
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in (place.home.logs / "router.log").read_text()


def test_a_router_port_the_user_fixed_and_another_has(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        monkeypatch.setenv("KAIZEN_PORT_ROUTER", str(port))
        with pytest.raises(KaizenError, match=f"port {port} is taken"):
            place.deploy("1")
    assert place.deploy("1").port == port, "free now, so it is taken as asked"


def test_rolling_back_what_was_never_deployed(place: Place) -> None:
    with pytest.raises(KaizenError, match="unknown deployment 'diabetes'"):
        place.rollback()


def test_a_removed_home_leaves_no_process(place: Place) -> None:
    place.deploy("1")
    place.home.rollout.rename(place.home.root / "removed")
    eventually(lambda: place.running() == [], timeout_s=15)
