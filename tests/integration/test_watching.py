"""What is served is watched: real events, real windows, a real webhook."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from alerting import Webhook

from kaizen.monitoring.windows.store import Store

pytestmark = pytest.mark.integration
SENT = 750
KAIZEN = Path(sys.executable).with_name("kaizen")


@pytest.fixture(scope="module")
def hook() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(machine_in, tmp_path_factory: pytest.TempPathFactory, hook: Webhook) -> Iterator:
    """A machine that serves churn, whose alerts go to a webhook."""
    made = machine_in(tmp_path_factory.mktemp("watching"))
    made.environment = {"KAIZEN_ALERTS_URL": hook.url}
    answer = made.kaizen("run", "churn", "--preset", "fast", "--json")
    assert answer.code == 0, answer.err
    yield made
    made.kaizen("down")


def simulate(place, scenario: str, ticks: str, *words: str) -> dict:
    answer = place.kaizen(
        "simulate", "churn", "--scenario", scenario, "--seed", "3", "--ticks", ticks, *words,
        "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    return answer.json


@pytest.fixture(scope="module")
def clean(place) -> dict:
    """Windows without drift, judged once."""
    sent = simulate(place, "steady", "0:30")
    assert sent["answered"] == SENT
    return watched(place)


def watched(place, *words: str) -> dict:
    answer = place.kaizen("monitor", "churn", *words, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_windows_without_drift_are_quiet_and_judged_once(clean, place) -> None:
    rows = clean["windows"][0]["window"]["rows"]
    assert clean["judged"] == SENT // rows >= 2
    assert [found["alarms"] for found in clean["windows"]] == [[]] * clean["judged"]
    assert clean["drifted"] is False
    assert f"{SENT % rows} of the {rows} rows" in clean["waiting"]
    again = watched(place)
    (part,) = again["windows"]
    assert part["window"]["partial"]
    assert part["window"]["rows"] == SENT % rows
    assert len(watched(place, "--history", "20")["windows"]) == clean["judged"] + 1


def test_a_verdict_is_repeated_from_what_is_recorded(clean, place) -> None:
    name = clean["windows"][1]["window"]["name"]
    answer = place.kaizen("monitor", "churn", "--repeat", name, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["same"], answer.json["differences"]
    wrong = place.kaizen("monitor", "churn", "--repeat", "1-00002", "--json")
    assert wrong.code == 2
    assert "1-000002" in wrong.err


def test_labels_that_come_late_say_how_right_the_answers_were(clean, place) -> None:
    assert clean["windows"][0]["performance"]["state"] == "unknown"
    file = place.home.simulations / "churn" / "steady-3" / "labels.jsonl"
    labelled = place.kaizen("label", "churn", "--file", str(file), "--json")
    assert labelled.code == 0, labelled.err
    found = [each for each in watched(place)["windows"] if not each["window"]["partial"]]
    assert [each["window"]["name"] for each in found] == [
        each["window"]["name"] for each in clean["windows"]
    ]
    for each in found:
        assert each["performance"]["state"] == "measured"
        assert each["performance"]["rows"] == each["window"]["rows"]
        assert each["alarms"] == []
        assert each["estimate"]["state"] == "estimated"


def test_a_broken_feed_raises_its_own_alarm_is_told_and_explained(clean, place, hook) -> None:
    simulate(place, "broken", "44:72")
    found = watched(place)
    last = found["windows"][-1]
    assert last["alarms"] == ["quality"], last["reason"]
    assert any("quality" in json.dumps(message) for message in hook.all())
    alarmed = Store(place.home).find("churn", last["window"]["name"])
    assert alarmed.report is not None
    page = (place.home.monitoring / alarmed.report).read_text(encoding="utf-8")
    assert "quality" in page
    assert place.kaizen("alerts", "churn", "--json").json["alerts"]


def test_who_follows_tells_within_seconds_and_shows_metrics(clean, place, hook) -> None:
    hook.all()
    watching = subprocess.Popen(
        [str(KAIZEN), "monitor", "churn", "--follow"],
        env=place.variables(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert watching.stdout is not None
        url = watching.stdout.readline().split("metrics at ")[1].split(",")[0]
        taken = place.kaizen("monitor", "churn", "--json")
        assert taken.code == 1
        assert "being watched already" in taken.err
        simulate(place, "covariate", "50:70")
        while "data" not in json.dumps(hook.got.get(timeout=120)):
            pass
        gauges = httpx.get(url).text
        assert 'kaizen_alarm{kind="data",usecase="churn",version="1"} 1.0' in gauges
    finally:
        watching.terminate()
        assert watching.wait(60) == 1
