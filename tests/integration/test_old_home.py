"""A home that the former kaizen has made: everything in it is there, and goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from old_home import OldHome, unpack

from kaizen.core.layout import LAYOUT
from kaizen.inference.refusal import Refusal
from kaizen.server.access import Door

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> OldHome:
    return unpack("layout-1", tmp_path_factory.mktemp("old") / "home")


@pytest.fixture(scope="module")
def place(machine_in, old: OldHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """The machine on which it lies."""
    made = machine_in(tmp_path_factory.mktemp("owner"))
    made.home = old.home
    yield made
    made.kaizen("down")


def answer(place, *words: str) -> dict:
    found = place.kaizen(*words, "--json")
    assert found.code == 0, found.err
    return found.json


@pytest.fixture(scope="module")
def status(place, old: OldHome) -> dict:
    """The first command of today's kaizen in the home: the others find it migrated."""
    found = place.kaizen("status", "--json")
    assert found.code == 0, found.err
    assert f"is now of layout {LAYOUT} instead of 1" in found.err
    assert len(found.err.splitlines()) == 1
    return found.json


@pytest.fixture(scope="module")
def served(status: dict, place) -> str:
    """The URL at which the champion's old Bento is served again."""
    (live,) = answer(place, "up")["deployments"]
    return live["url"]


def test_the_models_and_their_champion_are_known(status: dict, old: OldHome) -> None:
    assert status["models"] == old.facts["models"]
    (service,) = status["services"]
    assert (service["version"], service["weight"], service["ready"]) == ("2", 100, False)
    assert [problem["mend"] for problem in status["problems"]] == ["kaizen up"]


def test_a_version_says_where_it_is_from(status: dict, place, old: OldHome) -> None:
    why = answer(place, "why", "diabetes@champion")
    assert why["version"] == old.facts["champion"] == "2"
    assert why["commit"] == old.facts["commit"]
    assert why["metrics"]["mse"] == pytest.approx(old.facts["mse"])


def test_events_and_labels_are_read(status: dict, place, old: OldHome) -> None:
    found = answer(place, "events", "diabetes", "-n", "1000")
    assert found["count"] == len(found["events"]) == old.facts["events"]
    labelled = [each for each in found["events"] if each["label"] is not None]
    assert len(labelled) == old.facts["labels"] == 440


def test_windows_and_alerts_are_remembered(status: dict, place, old: OldHome) -> None:
    windows = answer(place, "monitor", "diabetes", "--history", "10")["windows"]
    assert [each["window"]["name"] for each in windows] == old.facts["windows"]
    alerts = answer(place, "alerts", "diabetes", "--all")["alerts"]
    assert [each["id"] for each in alerts] == old.facts["alerts"]
    assert {each["by"] for each in alerts} == {"ines"}


def test_a_key_of_then_opens_the_door(status: dict, place, old: OldHome) -> None:
    assert [each["name"] for each in answer(place, "keys", "list")["keys"]] == ["shop"]
    door = Door("always", "127.0.0.1", old.home.keys)
    door.admit([(b"authorization", f"Bearer {old.facts['key']}".encode())], "predict")
    with pytest.raises(Refusal):
        door.admit([(b"authorization", f"Bearer {old.facts['key'][:-1]}!".encode())], "predict")


def test_a_window_is_judged_again_to_the_same(status: dict, place, old: OldHome) -> None:
    name = old.facts["windows"][0]
    assert answer(place, "monitor", "diabetes", "--repeat", name)["same"]


def test_the_old_bento_answers_as_it_did(served: str, old) -> None:
    said = httpx.post(f"{served}/predict", json=old.facts["request"]).json()
    assert said["model_version"] == "2"
    answers = [
        [each["progression"] for each in a["predictions"]] for a in (said, old.facts["answer"])
    ]
    assert answers[0] == pytest.approx(answers[1], abs=1e-4)


def test_while_the_former_kaizen_serves_the_home_is_left_alone(served: str, place, old) -> None:
    """Without its version it is of layout 1 again, now with a supervisor that runs."""
    version = old.home.version.read_text()
    old.home.version.unlink()
    pids = {process.pid for process in place.processes()}
    for words in (("status",), ("run", "diabetes"), ("up",)):
        refused = place.kaizen(*words)
        assert refused.code == 1
        assert refused.out == ""
        (line,) = refused.err.splitlines()
        assert int(re.findall(r"supervisor \(pid (\d+)\)", line)[0]) in pids
        assert "`kaizen down`" in line
    doctor = {each["name"]: each for each in place.kaizen("doctor", "--json").json["checks"]}
    assert doctor["layout"]["state"] == "watch"
    assert httpx.get(f"{served}/readyz").status_code == 200
    assert answer(place, "down")["ended"] >= 3
    assert place.processes() == []
    assert not old.home.version.exists()
    migrated = place.kaizen("up", "--json")
    assert "instead of 1" in migrated.err
    assert json.loads(old.home.version.read_text()) == json.loads(version)
    assert migrated.json["deployments"][0]["url"] == served


def test_a_new_model_is_judged_against_the_old_champion(served: str, place, old) -> None:
    again = answer(place, "run", "diabetes", "--set", "params.alpha=0.6")
    assert again["decision"] == "refused"
    assert f"against {old.facts['mse']:,.1f} of v2" in again["reason"]
    assert again["model_version"] == "4"
    same = answer(place, "run", "diabetes")
    assert same["model_version"] == "2", "the same data and code make the same model"


def test_an_old_bento_that_is_not_served_can_be_asked(served: str, place) -> None:
    found = answer(place, "replay", "diabetes", "--against", "1", "-n", "20", "--limit", "1")
    assert found["events"] == 20


def test_the_way_back_leads_to_an_old_bento_as_well(served: str, place, old) -> None:
    assert answer(place, "rollback", "diabetes")["version"] == "1"
    said = httpx.post(f"{served}/predict", json=old.facts["request"]).json()
    assert said["model_version"] == "1"


def test_nothing_is_left_running(served: str, place) -> None:
    assert answer(place, "down")["ended"] >= 3
    assert place.processes() == []
