from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kaizen.client.http_client import ask, smoke, wait_ready
from kaizen.core.errors import KaizenError
from kaizen.core.paths import home
from kaizen.inference.golden import Golden
from kaizen.inference.refusal import MODEL_REFUSED
from kaizen.server.keyring import probe

GOLDEN = Golden(
    requests=[{"x": float(at)} for at in range(5)],
    outputs={},
    responses=[{"y": at * 2.0} for at in range(5)],
)


class Fake:
    """A service over real HTTP: doubles x, unless told otherwise."""

    def __init__(self) -> None:
        self.version = "3"
        self.ready: list[tuple[int, dict[str, Any]]] = [(200, {"ready": True})]
        self.error: tuple[int, dict[str, Any]] | None = None
        self.wrong_at: float | None = None
        self.drop = 0
        self.probes: list[str | None] = []

    def predict(self, rows: list[dict[str, float]]) -> dict[str, Any]:
        answers = [{"id": "i", "y": row["x"] * 2 + (row["x"] == self.wrong_at)} for row in rows]
        return {"model_version": self.version, "predictions": answers[self.drop :]}


@pytest.fixture
def fake() -> Iterator[tuple[str, Fake]]:
    state = Fake()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def reply(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.reply(*(state.ready.pop(0) if len(state.ready) > 1 else state.ready[0]))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.probes.append(self.headers["x-kaizen-probe"])
            self.reply(*(state.error or (200, state.predict(body["rows"]))))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", state
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_that_answers_as_due_passes(fake: tuple[str, Fake]) -> None:
    url, state = fake
    smoke(url, GOLDEN, "3", at_once=2)
    smoke(url, GOLDEN)
    assert state.probes == [probe(home().keys)] * 4


def test_the_request_that_differs_is_named(fake: tuple[str, Fake]) -> None:
    url, state = fake
    state.wrong_at = 3.0
    with pytest.raises(KaizenError, match=r"golden request 3 at .*'y': 6.0.* found .*'y': 7.0"):
        smoke(url, GOLDEN, "3", at_once=2)


def test_another_version_is_refused(fake: tuple[str, Fake]) -> None:
    with pytest.raises(KaizenError, match="serves version 3, expected version 4"):
        smoke(fake[0], GOLDEN, "4")


def test_missing_answers_are_noticed(fake: tuple[str, Fake]) -> None:
    fake[1].drop = 1
    with pytest.raises(KaizenError, match="4 answers to 5 rows"):
        smoke(fake[0], GOLDEN)


def test_an_empty_golden_set_proves_nothing() -> None:
    with pytest.raises(KaizenError, match="empty"):
        smoke("http://127.0.0.1:1", Golden([], {}, []))


def test_a_refusal_is_quoted(fake: tuple[str, Fake]) -> None:
    fake[1].error = (400, {"status": 400, "detail": "too large"})
    with pytest.raises(KaizenError, match="refused: 400 too large"):
        ask(fake[0], [{"x": 1.0}])
    fake[1].error = (502, {"message": "no JSON of ours"})
    with pytest.raises(KaizenError, match=r"refused: 502 .*no JSON of ours"):
        ask(fake[0], [{"x": 1.0}])


def test_nobody_there() -> None:
    with pytest.raises(KaizenError, match="gave no answer"):
        ask("http://127.0.0.1:1", [{"x": 1.0}])
    with pytest.raises(KaizenError, match=r"not ready within 0\.2 s"):
        wait_ready("http://127.0.0.1:1", 0.2)


def test_ready_is_waited_for(fake: tuple[str, Fake]) -> None:
    url, state = fake
    state.ready = [(502, {}), (503, {"type": "/problems/not-ready"}), (200, {})]
    assert wait_ready(url, 5.0) > 0
    assert len(state.ready) == 1


def test_a_model_that_failed_its_check_is_not_waited_for(fake: tuple[str, Fake]) -> None:
    fake[1].ready = [(503, {"type": MODEL_REFUSED, "detail": "golden set differs"})]
    with pytest.raises(KaizenError, match="will not get ready: golden set differs"):
        wait_ready(fake[0], 30.0)
