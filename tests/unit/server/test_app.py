from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kaizen.events.read import count, read
from kaizen.inference.golden import Golden
from kaizen.server.app import create
from usecases.diabetes.features import COLUMNS, features

ROW = dict.fromkeys(COLUMNS, 0.01)


@pytest.fixture
def client(release: Any, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create(release(), tmp_path / "events")) as running:
        yield running


def test_predict(client: TestClient, tmp_path: Path) -> None:
    answer = client.post("/predict", json={"rows": [ROW, ROW]})
    assert answer.status_code == 200
    assert len(answer.json()["predictions"]) == 2
    assert count(tmp_path / "events") == 2


def test_refusals_name_what_to_mend(client: TestClient) -> None:
    answer = client.post("/predict", json={"rows": [ROW, {**ROW, "bmi": "x"}]})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert [fault["path"] for fault in problem["errors"]] == ["/rows/1/bmi"]
    assert "'x'" in problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_a_callers_id_and_trace_come_back(client: TestClient, tmp_path: Path) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for path, content in {"/predict": {"rows": [ROW]}, "/nothing": {}}.items():
        headers = {"x-request-id": "job-7", "traceparent": trace}
        answer = client.post(path, json=content, headers=headers)
        assert answer.json()["request_id"] == answer.headers["x-request-id"] == "job-7"
        assert answer.headers["traceparent"] == trace
    (event,) = read(tmp_path / "events")
    assert event["trace"] == trace
    assert event["request"] != "job-7", "a client may repeat itself, events may not"


def test_a_fault_outside_of_a_prediction_is_a_problem_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kaizen.server.app.page", lambda _: 1 / 0)
    answer = client.get("/docs")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "zero" not in answer.text
    assert 'code="500",endpoint="/docs"' in client.get("/metrics").text


def test_live_and_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"live": True}
    assert client.get("/readyz").json() == {"ready": True}


def test_version_says_where_the_model_came_from(client: TestClient) -> None:
    said = client.get("/version").json()
    assert (said["usecase"], said["model_version"], said["commit"]) == ("diabetes", "7", "c0ffee")
    assert len(said["digest"]) == 64


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing", 404), ("GET", "/predict", 405), ("POST", "/version", 405),
    ("POST", "/predict/", 404),
])  # fmt: skip
def test_other_paths_and_methods(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert path in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "about:blank"


def test_a_model_that_fails_its_check_is_live_never_ready_and_says_why(
    release: Any, golden: Golden
) -> None:
    outputs = {"prediction": [[0.0]] * 20}
    folder = release(answers=dataclasses.replace(golden, outputs=outputs))
    with TestClient(create(folder, None)) as client:
        assert client.get("/livez").status_code == 200
        for path in ("/readyz", "/version", "/openapi.json", "/metrics", "/docs"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert "golden set differ" in answer.json()["detail"]
            assert answer.json()["type"] == "/problems/model-refused", "who waits gives up"
            assert "error" not in answer.json()
        assert client.post("/predict", json={"rows": [ROW]}).status_code == 503


def test_metrics_count_answers_by_bounded_endpoint(client: TestClient) -> None:
    client.post("/predict", json={"rows": [ROW] * 3})
    client.post("/predict", json={"rows": []})
    for at in range(30):
        client.get(f"/scan/{at}")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = {
        line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
        for line in answer.text.splitlines()
        if not line.startswith("#")
    }
    common = 'usecase="diabetes",version="7"'
    assert lines[f'kaizen_requests_total{{code="200",endpoint="/predict",{common}}}'] == 1
    assert lines[f'kaizen_requests_total{{code="400",endpoint="/predict",{common}}}'] == 1
    assert lines[f'kaizen_requests_total{{code="404",endpoint="other",{common}}}'] == 30
    assert lines[f'kaizen_rejected_total{{field="rows",kind="length",{common}}}'] == 1
    assert lines[f"kaizen_predictions_total{{{common}}}"] == 3
    assert lines[f"kaizen_predict_seconds_count{{{common}}}"] == 1
    assert not [line for line in lines if "scan" in line]


def test_openapi_describes_rows_answers_and_errors(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    post = document["paths"]["/predict"]["post"]
    content = post["requestBody"]["content"]
    assert set(content) == {"application/json", "application/octet-stream"}
    schemas = document["components"]["schemas"]
    assert schemas["Request"]["required"] == list(COLUMNS)
    assert schemas["Request"]["additionalProperties"] is False
    assert schemas["Prediction"]["properties"].keys() == {"id", "progression"}
    assert set(schemas["Fault"]["properties"]) == {"path", "detail"}
    assert set(post["responses"]) == {"200", "400", "401", "403", "408", "413", "415", "503", "504"}
    assert [set(way["properties"]) for way in schemas["Predict"]["oneOf"]] == [{"rows"}, {"array"}]
    references = str(document).split("'$ref': '#/components/schemas/")[1:]
    assert {text.partition("'")[0] for text in references} <= set(schemas)


def test_every_example_in_the_documentation_is_answered(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    examples = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert set(examples["examples"]) == {"rows", "array"}
    for example in examples["examples"].values():
        assert client.post("/predict", json=example["value"]).status_code == 200
    said = document["paths"]["/feedback"]["post"]["requestBody"]["content"]["application/json"]
    for example in said["examples"].values():
        assert client.post("/feedback", json=example["value"]).status_code == 200
    assert examples["examples"]["rows"]["value"]["rows"] == list(features.examples)


def test_docs_needs_no_network(client: TestClient) -> None:
    text = client.get("/docs").text
    assert "diabetes 7" in text
    assert "progression" in text
    assert "http://" not in text
    assert "https://" not in text
