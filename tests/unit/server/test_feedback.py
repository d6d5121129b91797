from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

import kaizen.server.feedback as desk
from kaizen.events.joined import joined
from kaizen.events.label import MOST_BYTES, Label, Terms
from kaizen.events.labels import history, read
from kaizen.inference.refusal import Refusal
from kaizen.server import keyring
from kaizen.server.app import create
from kaizen.server.feedback import Feedback, payload_model
from usecases.diabetes.features import COLUMNS, features
from usecases.digits.features import features as digits

ROW = dict.fromkeys(COLUMNS, 0.01)
EVENT = "a" * 32 + "-0"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return tmp_path / "events" / "diabetes"


@pytest.fixture
def client(release: Any, events: Path) -> Iterator[TestClient]:
    with TestClient(create(release(), events)) as running:
        yield running


def figures(client: TestClient, start: str) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line.startswith(start))
    return {name: float(value) for name, value in pairs if float(value)}


def test_an_answers_id_is_all_a_client_needs(client: TestClient, events: Path) -> None:
    said = client.post("/predict", json={"rows": [ROW] * 3}).json()["predictions"]
    ids = [each["id"] for each in said]
    for told in ({"event": ids[0], "label": 90}, {"event": ids[2], "agree": True}):
        answers = [client.post("/feedback", json=told) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert answers[0].json() == {
            "event": told["event"], "request_id": answers[0].headers["x-request-id"],
        }  # fmt: skip
    labels = [label and label.value for _, label in joined(features, events)]
    assert labels == [90.0, None, said[2]["progression"]]
    assert {label.source for label in read(events).values()} == {"feedback"}
    assert client.post("/feedback", json={"event": ids[0], "label": 91}).status_code == 200
    assert read(events)[ids[0]].value == 91.0

    common = 'usecase="diabetes",version="7"'
    assert figures(client, "kaizen_labels_total") == {
        f'kaizen_labels_total{{outcome="stored",{common}}}': 5,
    }  # fmt: skip
    name = f'kaizen_requests_total{{code="200",endpoint="/feedback",{common}}}'
    assert figures(client, "kaizen_requests_total")[name] == 5


def test_a_label_of_an_event_nobody_knows_is_kept(client: TestClient, events: Path) -> None:
    assert client.post("/feedback", json={"event": EVENT, "label": 1}).status_code == 200
    assert read(events)[EVENT].value == 1.0


BAD: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "/event"),
    "no truth": ({"event": EVENT}, ""),
    "both": ({"event": EVENT, "label": 1, "agree": True}, ""),
    "null": ({"event": EVENT, "label": None}, "/label"),
    "disagreement": ({"event": EVENT, "agree": False}, "/agree"),
    "no number": ({"event": EVENT, "label": "x"}, "/label"),
    "not finite": (b'{"event":"%s","label":Infinity}' % EVENT.encode(), "/label"),
    "true": ({"event": EVENT, "label": True}, "/label"),
    "half an id": ({"event": "a" * 32, "label": 1}, "/event"),
    "a line break": ({"event": EVENT + "\n", "label": 1}, "/event"),
    "a path": ({"event": "../" * 10 + "-0", "label": 1}, "/event"),
    "a number": ({"event": 7, "label": 1}, "/event"),
    "an unknown key": ({"event": EVENT, "label": 1, "by": "me"}, "/by"),
    "a key twice": (b'{"event":"%s","label":1,"label":2}' % EVENT.encode(), ""),
    "no JSON": (b"x", ""),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_label_is_refused_where_it_is_wrong(
    client: TestClient, events: Path, name: str
) -> None:
    told, place = BAD[name]
    content = told if isinstance(told, bytes) else orjson.dumps(told)
    answer = client.post("/feedback", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert place in [fault["path"] for fault in answer.json()["errors"]]
    assert read(events) == {}
    assert sum(figures(client, "kaizen_rejected_total").values()) == 1
    assert not figures(client, "kaizen_labels_total")


def test_other_content_and_too_much_of_it(client: TestClient, events: Path) -> None:
    told = orjson.dumps({"event": EVENT, "label": 1})
    answer = client.post("/feedback", content=told, headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    huge = client.post("/feedback", json={"event": EVENT, "label": "x" * MOST_BYTES})
    assert huge.status_code == 413
    assert client.get("/feedback").status_code == 405
    assert read(events) == {}


def test_a_key_for_predictions_is_none_for_labels(
    release: Any, tmp_path: Path, events: Path
) -> None:
    keys = {
        scope: keyring.create(tmp_path / "keys", f"of-{scope}", scope)
        for scope in ("predict", "label", "admin")
    }
    app = create(release(require_key="always"), events, tmp_path / "keys")
    with TestClient(app) as client:
        told = {"event": EVENT, "label": 1}
        assert client.post("/feedback", json=told).status_code == 401
        found = {
            scope: client.post("/feedback", json={**told, "label": at}, headers={"x-api-key": key})
            for at, (scope, key) in enumerate(keys.items())
        }
        label_only = {"authorization": f"Bearer {keys['label']}"}
        assert client.post("/predict", json={"rows": [ROW]}, headers=label_only).status_code == 403
    codes = {scope: answer.status_code for scope, answer in found.items()}
    assert codes == {"predict": 403, "label": 200, "admin": 200}
    assert found["predict"].json()["type"] == "/problems/key-scope"
    assert [(label.value, label.by) for label in history(events)] == [
        (1.0, "of-label"), (2.0, "of-admin"),
    ]  # fmt: skip


def test_a_label_the_disk_does_not_take_is_not_acknowledged(
    client: TestClient, events: Path
) -> None:
    events.parent.mkdir(parents=True, exist_ok=True)
    events.mkdir(exist_ok=True)
    (events / "labels").write_text("no folder")
    told = {"event": EVENT, "label": 1}
    answer = client.post("/feedback", json=told)
    assert answer.status_code == 500
    assert "send it again" in answer.json()["detail"]
    assert list(figures(client, "kaizen_labels_total").values()) == [1]
    assert client.post("/predict", json={"rows": [ROW]}).status_code == 200
    (events / "labels").unlink()
    assert client.post("/feedback", json=told).status_code == 200


def test_where_no_events_are_kept_there_is_nothing_to_label(release: Any) -> None:
    with TestClient(create(release(), None)) as client:
        answer = client.post("/feedback", json={"event": EVENT, "label": 1})
    assert answer.status_code == 404
    assert "no events are kept" in answer.json()["detail"]


def test_a_slow_disk_turns_away_what_would_wait_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    monkeypatch.setattr(desk, "append", lambda *_: free.wait(30))
    label = Label(EVENT, 1.0, 1.0, "feedback")

    async def two() -> list[Any]:
        taking = Feedback(features, tmp_path, most=1, timeout_s=0.05)
        first = asyncio.create_task(taking.store(label))
        await asyncio.sleep(0)
        found = await asyncio.gather(first, taking.store(label), return_exceptions=True)
        free.set()
        taking.close()
        return found

    late, shed = asyncio.run(two())
    assert isinstance(late, Refusal)
    assert isinstance(shed, Refusal)
    assert [late.status, shed.status] == [504, 503]


def test_the_label_of_a_use_case_is_described() -> None:
    schema = payload_model(Terms(digits)).model_json_schema()
    label = schema["properties"]["label"]
    assert (label["type"], label["minimum"], label["maximum"]) == ("integer", 0, 9)
    assert schema["required"] == ["event"]
    assert "default" not in label
