from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from starlette.datastructures import Headers

from kaizen.events import read, replay
from kaizen.inference.parser import BYTES
from kaizen.inference.refusal import Refusal
from kaizen.server import keyring
from kaizen.server.worker import READERS, Worker
from usecases.diabetes.features import features

ROWS = np.random.default_rng(1).normal(0, 0.05, (5, 10))
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BINARY = Headers({"content-type": BYTES})


def body(content: bytes, delay: float = 0.0) -> Any:
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(delay)
        return {"type": "http.request", "body": content}

    return receive


def figure(worker: Worker, name: str) -> float:
    """Sum of a metric over its labels."""
    lines = worker.metrics.exposition()[0].decode().splitlines()
    return sum(float(at.rsplit(" ", 1)[1]) for at in lines if at.startswith(f"kaizen_{name}"))


def test_answers_and_events_are_the_same_thing(release: Any, tmp_path: Path) -> None:
    log = tmp_path / "events"
    worker = Worker(release(), log)
    headers = Headers({"content-type": BYTES, "traceparent": TRACE})
    answer = orjson.loads(asyncio.run(worker.predict(headers, body(ROWS.tobytes()))))
    logged = list(read.read(log))
    worker.close()

    assert answer["model_version"] == "7"
    assert [e["id"] for e in logged] == [p["id"] for p in answer["predictions"]]
    assert [{"id": e["id"], **e["response"]} for e in logged] == answer["predictions"]
    assert {e["request"] for e in logged} == {answer["request_id"]}
    assert {e["trace"] for e in logged} == {TRACE}
    assert [e["row"] for e in logged] == [0, 1, 2, 3, 4]
    assert all(abs(e["time"] - time.time()) < 60 and 0 < e["latency_ms"] < 5000 for e in logged)
    np.testing.assert_array_equal(replay.inputs(features, logged)["features"], ROWS)
    found = replay.outputs(logged)["prediction"][:, 0].tolist()
    assert found == [p["progression"] for p in answer["predictions"]]
    assert figure(worker, "events_total") == 5
    assert figure(worker, "predictions_total") == 5


def test_a_full_disk_takes_events_and_leaves_answers(
    release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    worker = Worker(release(), tmp_path / "file" / "events")
    answer = orjson.loads(asyncio.run(worker.predict(BINARY, body(ROWS.tobytes()))))
    worker.close()
    assert len(answer["predictions"]) == 5
    assert figure(worker, 'events_total{outcome="dropped"') == 5
    assert figure(worker, 'events_total{outcome="written"') == 0


def test_slow_bodies_take_no_place_of_others(release: Any) -> None:
    worker = Worker(release(max_concurrency=1, read_timeout_s=0.3), None)

    async def ask() -> list[Any]:
        crowd = [
            asyncio.create_task(worker.predict(BINARY, body(ROWS.tobytes(), delay=5.0)))
            for _ in range(READERS)
        ]
        await asyncio.sleep(0.05)
        crowded = await asyncio.gather(
            worker.predict(BINARY, body(ROWS.tobytes())), return_exceptions=True
        )
        slow = await asyncio.gather(*crowd[1:], crowd[0], return_exceptions=True)
        return [*crowded, *slow]

    crowded, *slow = asyncio.run(ask())
    assert crowded.status == 503, "the readers are bounded too"
    assert [each.status for each in slow] == [408] * READERS
    assert isinstance(asyncio.run(worker.predict(BINARY, body(ROWS.tobytes()))), bytes)
    worker.close()


def test_more_requests_than_a_worker_takes_on_are_turned_away(
    release: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(release(max_concurrency=2), None)
    real = worker.model.score
    monkeypatch.setattr(worker.model, "score", lambda batch: (time.sleep(0.1), real(batch))[1])
    monkeypatch.setattr(worker, "_inline_rows", 0)

    async def three() -> list[Any]:
        slow = [worker.predict(BINARY, body(ROWS.tobytes())) for _ in range(3)]
        first = await asyncio.gather(*slow, return_exceptions=True)
        return [*first, await worker.predict(BINARY, body(ROWS.tobytes()))]

    results = asyncio.run(three())
    worker.close()
    refused = [result for result in results if isinstance(result, Refusal)]
    assert [refusal.status for refusal in refused] == [503]
    assert isinstance(results[3], bytes), "a place that was left is taken again"
    assert figure(worker, 'rejected_total{field="other",kind="busy"') == 1


def test_a_body_that_comes_too_slowly_is_not_waited_for(release: Any) -> None:
    worker = Worker(release(read_timeout_s=0.05), None)
    with pytest.raises(Refusal, match=r"the body took more than 0\.05 s") as caught:
        asyncio.run(worker.predict(BINARY, body(ROWS.tobytes(), delay=2.0)))
    worker.close()
    assert caught.value.status == 408


def test_an_answer_that_takes_too_long_leaves_no_event(
    release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(release(timeout_s=0.05), tmp_path / "events")
    real = worker.model.score
    monkeypatch.setattr(worker.model, "score", lambda batch: (time.sleep(0.2), real(batch))[1])
    monkeypatch.setattr(worker, "_inline_rows", 0)
    began = time.perf_counter()
    with pytest.raises(Refusal, match="the answer took more") as caught:
        asyncio.run(worker.predict(BINARY, body(ROWS.tobytes())))
    assert caught.value.status == 504
    assert time.perf_counter() - began < 2
    worker.close()
    assert read.count(tmp_path / "events") == 0


def test_large_batches_leave_the_event_loop_free(
    release: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(release(), None)
    real = worker.model.score
    monkeypatch.setattr(worker.model, "score", lambda batch: (time.sleep(0.3), real(batch))[1])
    monkeypatch.setattr(worker, "_inline_rows", 3)

    async def beats() -> int:
        large = asyncio.create_task(worker.predict(BINARY, body(ROWS.tobytes())))
        count = 0
        while not large.done():
            await asyncio.sleep(0.01)
            count += 1
        await large
        return count

    assert asyncio.run(beats()) > 8
    worker.close()


def test_a_fault_of_ours_is_one_500_that_tells_nothing(
    release: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(release(), None)
    monkeypatch.setattr(worker.model, "score", lambda _: 1 / 0)
    with pytest.raises(Refusal) as caught:
        asyncio.run(worker.predict(BINARY, body(ROWS.tobytes())))
    worker.close()
    assert caught.value.status == 500
    assert b"zero" not in caught.value.body("r")
    assert figure(worker, 'rejected_total{field="other",kind="failure"') == 1


def test_names_of_a_clients_making_never_become_labels(release: Any) -> None:
    worker = Worker(release(), None)
    headers = Headers({"content-type": "application/json"})
    for at in range(20):
        with pytest.raises(Refusal):
            asyncio.run(worker.predict(headers, body(b'{"k%d": 1}' % at)))
    worker.close()
    assert figure(worker, 'rejected_total{field="other",kind="unknown_key"') == 20


def test_a_probe_is_marked_and_no_client_can_pass_for_one(release: Any, tmp_path: Path) -> None:
    log, keys = tmp_path / "events", tmp_path / "keys"
    secret = keyring.probe(keys)
    worker = Worker(release(), log, keys)
    for value in (secret, "1", secret[:-1], ""):
        headers = Headers({"content-type": BYTES, "x-kaizen-probe": value})
        asyncio.run(worker.predict(headers, body(ROWS.tobytes())))
    worker.close()
    assert (read.count(log), read.count(log, probes=True)) == (15, 20)


def test_closing_seals_the_events(release: Any, tmp_path: Path) -> None:
    worker = Worker(release(), tmp_path / "events")
    asyncio.run(worker.predict(BINARY, body(ROWS.tobytes())))
    worker.close()
    (file,) = read.files(tmp_path / "events")
    assert file.suffix == ".jsonl"
