"""Recent requests decide whether a new release goes on; real processes of a tiny HTTP server."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from rolling import Place, version_at

from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.settings import RolloutRule
from kaizen.events.schema import SCHEMA, Event, event_id, line, new_id
from kaizen.events.spool import Spool
from kaizen.rollout import deployments, preflight
from kaizen.rollout.servers import address
from kaizen.rollout.state import State

pytestmark = pytest.mark.integration

COLD = RolloutRule(keep_warm_s=0)
STRICT = RolloutRule(keep_warm_s=0, max_changed=0.5)
BLANKED, REFUSED_BY_ALL = None, -1.0


def log(home: Home, *values: float | None, version: str = "1") -> None:
    """Requests of clients, answered by ``version`` as the tiny server does."""
    spool = Spool(home.events / "diabetes")
    for value in values:
        request = new_id()
        event: Event = {
            "schema": SCHEMA,
            "id": event_id(request, 0),
            "time": time.time(),
            "usecase": "diabetes",
            "version": version,
            "request": request,
            "row": 0,
            "trace": None,
            "latency_ms": 1.0,
            "inputs": {"values": {"x": value}},
            "outputs": {},
            "response": {"value": 1.5, "confidence": 0.5},
            "confidence": 0.5,
        }
        spool.write([line(event)])
    spool.close()


def history(home: Home) -> list[tuple[str, str]]:
    with State(home) as state:
        return [(change.what, change.why) for change in state.history()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """v1 is served and has answered forty requests; each test leaves it so."""
    there = Place(Home(tmp_path_factory.mktemp("rehearsal") / "home"))
    there.deploy("1")
    log(there.home, *range(2, 42))
    yield there
    deployments.down(there.home)


@pytest.fixture(autouse=True)
def afterwards(place: Place) -> Iterator[None]:
    """v1 again after each test."""
    yield
    if [each.version for each in deployments.status(place.home)] != ["1"]:
        place.deploy("1")


def test_a_release_that_refuses_what_was_answered_gets_no_request(place: Place) -> None:
    with pytest.raises(KaizenError) as failure:
        place.deploy("2", "refuses")
    assert "replay: 40 of 40 recent requests that v1 answers got no answer" in str(failure.value)
    assert "400 x is not a number" in str(failure.value)
    assert "v1 goes on serving" in str(failure.value)
    assert [each.version for each in deployments.status(place.home)] == ["1"]


def test_one_that_answers_otherwise_is_served_unless_the_rule_says_how_many_may(
    place: Place,
) -> None:
    allowed = r"replay: 40 of 40 .* are not v1's, rollout.max_changed allows 50.00%"
    with pytest.raises(KaizenError, match=allowed):
        place.deploy("2", "changes", rule=STRICT)
    live = place.deploy("3", "changes", rule=COLD)
    assert version_at(live.url) == "3"
    what, why = next(change for change in history(place.home) if "diabetes:3" in change[1])
    assert (what, why) == (
        "serve",
        "deploy of diabetes:3; replay: 40 of 40 recent answers are not v1's",
    )


def test_it_is_asked_again_where_a_stage_had_too_few_requests(place: Place) -> None:
    rule = RolloutRule(stages=(20, 100), max_seconds=0.1, keep_warm_s=0)
    place.deploy("4", rule=rule)
    changes = history(place.home)
    (staged,) = [why for what, why in changes if "diabetes:4" in why and what == "canary"]
    assert staged == "deploy of diabetes:4; replay: 0 of 40 recent answers are not v1's"
    (served,) = [why for what, why in changes if "diabetes:4" in why and what == "serve"]
    assert "its golden answers and a replay decide" in served
    assert served.endswith("golden answers right; replay: 0 of 40 recent answers are not v1's")


def test_a_canary_goes_back_when_requests_of_its_stage_are_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = preflight.replay_check
    asked: list[str] = []

    def later(*of: object) -> str:
        asked.append("")
        return "nothing yet" if len(asked) == 1 else begun(*of)  # type: ignore[arg-type]

    monkeypatch.setattr(preflight, "replay_check", later)
    rule = RolloutRule(stages=(20, 100), max_seconds=0.1, keep_warm_s=0)
    with pytest.raises(KaizenError, match="replay: 40 of 40 recent requests that v1 answers"):
        place.deploy("5", "refuses", rule=rule)
    (back,) = [why for what, why in history(place.home) if what == "back"]
    assert back.startswith("v5 goes back: replay: 40 of 40")
    assert [each.version for each in deployments.status(place.home)] == ["1"]


def test_what_nobody_can_be_asked_again_is_counted_and_blocks_nothing(place: Place) -> None:
    with State(place.home) as state:
        url = address(state.desired()["diabetes"].main.port)

    def seen(before: str, rule: RolloutRule = COLD) -> str:
        return preflight.replay_check(place.home, "diabetes", rule, url, before, url)

    log(place.home, 2.0, REFUSED_BY_ALL, BLANKED, version="9")
    assert seen("9") == "replay: 0 of 1 recent answers are not v9's, 2 cannot be asked again"
    assert seen("8") == "no recent requests of v8 to replay"
    assert seen("9", RolloutRule(replay_events=0)).startswith("no replay")


def test_a_release_before_that_is_gone_cannot_excuse_a_refusal(place: Place) -> None:
    with State(place.home) as state:
        url = address(state.desired()["diabetes"].main.port)
    log(place.home, 2.0, REFUSED_BY_ALL, version="10")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = address(nobody.getsockname()[1])
        with pytest.raises(KaizenError, match="1 of 2 recent requests"):
            preflight.replay_check(place.home, "diabetes", COLD, url, "10", gone)
