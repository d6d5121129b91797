"""Simulated traffic against a served model: every row once, an event each, labels joined."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from repository import PROJECT_ROOT

from kaizen.core import catalog
from kaizen.core.config import load
from kaizen.data.digest import row_digests
from kaizen.data.split import split
from kaizen.events.joined import joined
from kaizen.events.read import read

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def place(machine_in, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A machine on which diabetes is served."""
    made = machine_in(tmp_path_factory.mktemp("simulate"))
    answer = made.kaizen("run", "diabetes", "--json")
    assert answer.code == 0, answer.err
    yield made
    made.kaizen("down")


def simulate(place: Any, *words: str) -> dict[str, Any]:
    answer = place.kaizen("simulate", "diabetes", *words, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def journal(place: Any, name: str) -> list[dict[str, Any]]:
    path = place.home.simulations / "diabetes" / name / "sent.jsonl"
    return [json.loads(text) for text in path.read_text().splitlines()]


def events(place: Any, name: str) -> list[dict[str, Any]]:
    """The events of one simulation."""
    about = place.home.simulations / "diabetes" / name / "scenario.json"
    run = json.loads(about.read_text())["run"]
    return [
        event
        for event in read(place.home.events / "diabetes")
        if (event["trace"] or "").startswith(run)
    ]


def held_out() -> pd.DataFrame:
    """Rows that the model has never learnt from."""
    config = load("diabetes")
    frame = catalog.usecase("diabetes").load(config.data)
    parts = split(frame, config.split)
    assert not set(row_digests(parts.holdout)) & set(row_digests(parts.train))
    return parts.holdout


def test_steady_traffic_is_answered_row_by_row_and_labelled(place) -> None:
    found = simulate(place, "--seed", "1", "--ticks", "0:20", "--label")
    assert (found["rows"], found["answered"], found["unplanned"]) == (440, 440, 0)
    assert found["labelled"]["stored"] == 0  # the scenario has not ended
    found = simulate(place, "--seed", "1", "--label")
    assert (found["rows"], found["sent_before"]) == (880, 440)
    assert found["labelled"]["stored"] == found["labels"] == 880
    logged = events(place, "steady-1")
    assert len(logged) == len({event["id"] for event in logged}) == 880
    features = catalog.features("diabetes")
    ids = {event["id"] for event in logged}
    pairs = joined(features, place.home.events / "diabetes", labelled_only=True)
    labels = {event["id"]: label.value for event, label in pairs if label}
    assert labels.keys() == ids
    assert set(labels.values()) <= set(held_out()["target"])


def test_broken_traffic_is_refused_as_planned(place) -> None:
    found = simulate(place, "--scenario", "broken", "--seed", "3", "--labels-after", "5")
    rows = journal(place, "broken-3")
    refused = [row for row in rows if row["malformed"]]
    assert len(refused) == found["refused"] > 10
    assert {row["status"] for row in refused} == {400}
    assert found["answered"] == len(events(place, "broken-3")) == 880 - len(refused)
    assert found["labelled"]["stored"] == found["answered"]
    sent = Counter(row["source"] for row in rows)
    assert found["shares"] == {name: round(count / 880, 4) for name, count in sent.items()}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_it_goes_on(place, kaizen_command: str, how: signal.Signals) -> None:
    name = f"concept-{int(how)}"
    words = ["simulate", "diabetes", "--scenario", "concept", "--seed", str(int(how))]
    process = subprocess.Popen(
        [kaizen_command, *words, "--rate", "200"],
        env=place.variables(), cwd=PROJECT_ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    path = Path(place.home.simulations / "diabetes" / name / "sent.jsonl")
    patience = time.monotonic() + 120
    while not (path.is_file() and path.read_bytes().count(b"\n") > 200):
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < patience
        time.sleep(0.01)
    process.send_signal(how)
    assert process.wait(60) != 0
    before = len(journal(place, name))
    found = simulate(place, *words[2:])
    assert 200 <= before < found["rows"] == 880
    logged = events(place, name)
    assert len(logged) == len({event["id"] for event in logged}) == 880
    assert {row["event"] for row in journal(place, name)} == {event["id"] for event in logged}
    assert found["labels"] == 880


def test_the_same_again_sends_nothing_and_labels_nothing_twice(place) -> None:
    simulate(place, "--scenario", "labels", "--seed", "4", "--label")
    before = len(events(place, "labels-4"))
    again = simulate(place, "--scenario", "labels", "--seed", "4", "--label")
    assert again["sent_before"] == again["rows"] == before == len(events(place, "labels-4"))
    assert (again["labelled"]["known"], again["labelled"]["stored"]) == (before, 0)
    anew = simulate(place, "--scenario", "labels", "--seed", "4", "--again")
    assert (anew["digest"], anew["sent_before"]) == (again["digest"], 0)


def test_a_service_that_is_down_is_said(place) -> None:
    place.kaizen("down")
    answer = place.kaizen("simulate", "diabetes")
    assert answer.code == 2
    assert "kaizen up" in answer.err or "kaizen run" in answer.err
