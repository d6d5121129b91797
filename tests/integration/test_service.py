"""A real ``bentoml serve`` of a real Bento, with two workers, asked over real sockets."""

from __future__ import annotations

import base64
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import psutil
import pytest
from repository import PROJECT_ROOT

from kaizen.client.http_client import smoke
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.events import labels, replay
from kaizen.events.joined import joined
from kaizen.events.read import count, read
from kaizen.inference.golden import Golden
from kaizen.server.command import environment
from tests.integration.linear import ROWS, VALUES, linear_release
from tests.integration.served import Server, start, stop
from usecases.diabetes.features import features

pytestmark = pytest.mark.integration

WORKERS = 2
_TCPI_DATA_SEGS_IN = 152
"""Where Linux's ``struct tcp_info`` counts the segments with data that came."""
JSON = {"content-type": "application/json"}
BINARY = {"content-type": "application/octet-stream"}


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Release, Golden]:
    return linear_release(tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def server(
    packaged: tuple[Home, Release, Golden], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    server = start(packaged, tmp_path_factory.mktemp("serve") / "run", WORKERS)
    deadline = time.monotonic() + 30
    while len(_answering(server)) < WORKERS and time.monotonic() < deadline:
        time.sleep(0.1)
    yield server
    stop(server)


def _answering(server: Server) -> list[psutil.Process]:
    """Workers that have loaded the model: each holds an event file or waits on the socket."""
    return [
        worker
        for worker in server.workers()
        if any("onnxruntime" in entry.path for entry in worker.memory_maps())
    ]


def post(server: Server, content: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{server.url}/predict", content=content, headers=headers, trust_env=False)


def figures(server: Server) -> dict[str, float]:
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def figure(server: Server, start: str) -> float:
    return sum(value for name, value in figures(server).items() if name.startswith(start))


def bare(values: np.ndarray) -> bytes:
    data = base64.b64encode(values.tobytes()).decode()
    return orjson.dumps({"array": {"data": data, "shape": list(values.shape)}})


FORMS = {
    "rows": (orjson.dumps({"rows": ROWS}), JSON),
    "array": (bare(VALUES), JSON),
    "bytes": (VALUES.tobytes(), BINARY),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gets_the_same_answers_and_their_events(server: Server, form: str) -> None:
    before = count(server.events)
    answer = post(server, *FORMS[form])
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["model_version"] == "7"
    found = [row["progression"] for row in said["predictions"]]
    np.testing.assert_allclose(found, np.ravel(server.golden.outputs["prediction"]), atol=1e-9)

    assert count(server.events) == before + 20
    logged = [e for e in read(server.events) if e["request"] == said["request_id"]]
    assert [{"id": e["id"], **e["response"]} for e in logged] == said["predictions"]
    np.testing.assert_array_equal(replay.inputs(features, logged)["features"], VALUES)
    np.testing.assert_array_equal(replay.outputs(logged)["prediction"][:, 0], found)


def row(**over: Any) -> dict[str, Any]:
    return {**ROW, **over}


ROW = ROWS[0]
ONE = orjson.dumps({"rows": [ROW]})
NAN = VALUES[:3].copy()
NAN[1, 2] = np.nan
HUGE = np.zeros((1, 10))
HUGE[0, [0, -1]] = -1.7e308, 1.7e308
BAD: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "no body": (b"", JSON, 400, "body"),
    "no rows": (b'{"rows": []}', JSON, 400, "rows"),
    "not JSON": (b'{"rows"', JSON, 400, "body"),
    "NaN in JSON": (ONE.replace(b'"bmi":', b'"bmi":NaN,"x":', 1), JSON, 400, "bmi"),
    "NaN in bytes": (NAN.tobytes(), BINARY, 400, "bmi"),
    "infinity in base64": (bare(np.full((1, 10), np.inf)), JSON, 400, "age"),
    "an answer beyond all numbers": (HUGE.tobytes(), BINARY, 400, "prediction"),
    "wrong type": (orjson.dumps({"rows": [row(bp="high")]}), JSON, 400, "bp"),
    "extra key": (orjson.dumps({"rows": [row(bq=1)]}), JSON, 400, "bq"),
    "extra top-level key": (orjson.dumps({"rows": [ROW], "debug": 1}), JSON, 400, "debug"),
    "missing key": (orjson.dumps({"rows": [{"age": 0}]}), JSON, 400, "sex"),
    "wrong length": (VALUES.tobytes()[:-1], BINARY, 400, "body"),
    "wrong shape": (bare(VALUES.reshape(10, 20)), JSON, 400, "array.shape"),
    "too many rows": (orjson.dumps({"rows": [{"age": 0}] * 101}), JSON, 400, "rows"),
    "too many bare rows": (np.zeros((101, 10)).tobytes(), BINARY, 413, "body"),
    "too large": (b" " * 100_000, JSON, 413, "body"),
    "wrong content type": (ONE, {"content-type": "text/plain"}, 415, "content-type"),
    "no content type": (ONE, {}, 415, "content-type"),
    "pickle": (ONE, {"content-type": "application/vnd.bentoml+pickle"}, 415, "content-type"),
    "compressed": (ONE, {**JSON, "content-encoding": "gzip"}, 415, "content-encoding"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests_name_the_field_and_leave_no_event(server: Server, name: str) -> None:
    content, headers, status, field = BAD[name]
    before = count(server.events), figure(server, "kaizen_rejected_total")
    answer = post(server, content, headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    if status == 400:
        place = problem["errors"][0]["path"].split("/")[-1]
        # In bare arrays no field has a place of its own.
        assert place in ("", "data", field.split(".")[-1])
    assert (count(server.events), figure(server, "kaizen_rejected_total") - 1) == before


def test_a_chunked_body_is_counted_as_it_comes(server: Server) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 5000

    answer = httpx.post(f"{server.url}/predict", content=chunks(), headers=JSON, trust_env=False)
    assert answer.status_code == 413


def test_a_body_that_never_ends_is_given_up(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        head = "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        connection.sendall((head + "content-length: 1000\r\n\r\n{").encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_the_golden_set_is_answered_and_is_no_clients_event(server: Server) -> None:
    before = count(server.events), count(server.events, probes=True)
    smoke(server.url, server.golden, "7", of=server.home)
    assert count(server.events) == before[0]
    assert count(server.events, probes=True) == before[1] + 20
    with pytest.raises(KaizenError, match="serves version 7, expected version 8"):
        smoke(server.url, server.golden, "8", of=server.home)


def test_an_answer_comes_in_one_piece(server: Server) -> None:
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port or 80)) as connection:
        for _ in range(20):
            connection.sendall(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b'\r\n\r\n{"live":true}'):
                part = connection.recv(65536)
                assert part, answer
                answer += part
        # Not how often recv returned: a client that is late gets both pieces at once.
        found = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    assert struct.unpack_from("=I", found, _TCPI_DATA_SEGS_IN) == (20,)


def test_version_and_readiness(server: Server) -> None:
    said = httpx.get(f"{server.url}/version", trust_env=False).json()
    assert said["bento"] == server.release.tag
    assert said["digest"] == server.release.digest
    assert (said["usecase"], said["model_version"]) == ("diabetes", "7")
    assert (said["commit"], said["mlflow_run_id"]) == ("c0ffee", "r1")
    for path in ("livez", "readyz", "openapi.json", "docs"):
        assert httpx.get(f"{server.url}/{path}", trust_env=False).status_code == 200


def test_metrics_of_all_workers_add_up(server: Server) -> None:
    before = figures(server)
    with httpx.Client(trust_env=False) as client:
        for at in range(40):
            client.post(
                f"{server.url}/predict", content=ONE, headers={**JSON, "connection": "close"}
            )
            client.get(f"{server.url}/scan/{at}", headers={"connection": "close"})
    after = figures(server)
    gain = {name: after[name] - before.get(name, 0.0) for name in after}
    common = 'usecase="diabetes",version="7"'
    assert gain[f"kaizen_predictions_total{{{common}}}"] == 40
    assert gain[f'kaizen_events_total{{outcome="written",{common}}}'] == 40
    assert gain[f'kaizen_requests_total{{code="200",endpoint="/predict",{common}}}'] == 40
    assert gain[f'kaizen_requests_total{{code="404",endpoint="other",{common}}}'] == 40
    assert gain[f"kaizen_predict_seconds_count{{{common}}}"] == 40
    assert not [name for name in after if "scan" in name]


def test_the_process_holds_the_bentos_code_and_no_training(server: Server) -> None:
    """Read from the kernel: libraries mapped into the workers."""
    for worker in server.workers():
        mapped = {entry.path for entry in worker.memory_maps() if entry.path.startswith("/")}
        assert any("onnxruntime" in path for path in mapped)
        for name in ("tensorflow", "sklearn", "pandas", "pyarrow", "scipy", "matplotlib"):
            assert not [path for path in mapped if f"/{name}/" in path]
        assert worker.cwd() == str(Path(server.release.path, "src"))


def test_the_service_imports_nothing_that_trains_or_tracks(server: Server) -> None:
    """Loaded as a worker loads it, in an environment of a server, and asked once."""
    code = """
import sys
from bentoml._internal.service.loader import load
service = load(sys.argv[1], standalone_load=True)
from starlette.testclient import TestClient
with TestClient(service.to_asgi()) as client:
    assert client.get("/readyz").status_code == 200, client.get("/readyz").text
    assert client.post("/predict", content=sys.argv[2],
                       headers={"content-type": "application/json"}).status_code == 200
rooms = {"kaizen", "serving", "usecases"}
for name, module in sorted(sys.modules.items()):
    print(name, getattr(module, "__file__", "") if name.split(".")[0] in rooms else "")
"""
    fresh = server.run / "import"
    home = Home(server.run / "none")
    done = subprocess.run(
        [sys.executable, "-c", code, server.release.path, ONE.decode()],
        env=environment(server.release, fresh, fresh / "events", home),
        cwd=fresh,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    forbidden = {"tensorflow", "keras", "sklearn", "pandas", "mlflow", "zenml", "evidently"}
    assert not forbidden & {name.partition(".")[0] for name in modules}
    ours = {name: file for name, file in modules.items() if file.strip() not in ("", "None")}
    assert {"usecases.diabetes.features", "kaizen.server.app", "serving.service"} <= set(ours)
    assert [n for n, file in ours.items() if not file.startswith(server.release.path)] == []
    assert not [n for n, file in ours.items() if str(PROJECT_ROOT) in file]


def test_nothing_is_written_beside_the_run_folder_and_the_events(server: Server) -> None:
    assert list(Path(server.release.path).rglob("__pycache__")) == []
    left = [path.name for path in (server.run / "tmp").iterdir()]
    assert [name for name in left if not name.startswith("bentoml-uds-")] == []


def test_feedback_joins_its_prediction_whichever_worker_takes_it(server: Server) -> None:
    before = figures(server)
    content = orjson.dumps({"rows": ROWS[:4]})
    said = post(server, content, JSON).json()["predictions"]
    told: list[dict[str, Any]] = [{"event": each["id"], "agree": True} for each in said[:3]]
    told.append({"event": said[3]["id"], "label": 25})
    # A connection each, so that both workers take some; and everything twice.
    answers = [
        httpx.post(f"{server.url}/feedback", json=each, trust_env=False) for each in told * 2
    ]
    assert [answer.status_code for answer in answers] == [200] * 8, answers[0].text
    ids = {each["id"] for each in said}
    found = {
        event["id"]: label and label.value
        for event, label in joined(features, server.events)
        if event["id"] in ids
    }
    assert found == {each["id"]: each["progression"] for each in said} | {said[3]["id"]: 25.0}
    after = figures(server)
    name = 'kaizen_labels_total{outcome="stored",usecase="diabetes",version="7"}'
    assert after[name] - before.get(name, 0.0) == 8


def test_kill_9_loses_no_acknowledged_event_or_label(
    packaged: tuple[Home, Release, Golden], tmp_path: Path
) -> None:
    server = start(packaged, tmp_path / "run", 1)
    acknowledged: list[str] = []
    labelled: list[str] = []
    ended = threading.Event()

    def ask() -> None:
        with httpx.Client(trust_env=False) as client:
            while not ended.is_set():
                try:
                    answer = client.post(f"{server.url}/predict", content=ONE, headers=JSON)
                    acknowledged.extend(p["id"] for p in answer.json()["predictions"])
                    told = {"event": acknowledged[-1], "agree": True}
                    label = client.post(f"{server.url}/feedback", json=told)
                except httpx.HTTPError:
                    return
                labelled.append(label.json()["event"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while len(acknowledged) < 200 and time.monotonic() < deadline:
        time.sleep(0.01)
    for process in [psutil.Process(server.process.pid), *server.workers()]:
        process.kill()
    ended.set()
    for thread in threads:
        thread.join()
    server.process.wait(10)
    logged = {event["id"] for event in read(server.events)}
    assert len(acknowledged) >= 200
    assert [name for name in acknowledged if name not in logged] == []
    known = labels.read(server.events)
    assert labelled
    assert [name for name in labelled if name not in known] == []


def test_sigterm_leaves_nothing_behind(server: Server) -> None:
    workers = server.workers()
    assert len(workers) == WORKERS
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    gone, alive = psutil.wait_procs(workers, timeout=5)
    assert (len(gone), alive) == (WORKERS, [])
    assert list((server.run / "tmp").iterdir()) == []
    assert {path.suffix for path in server.events.glob("*.*")} == {".jsonl"}, "events are sealed"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/livez", trust_env=False)
