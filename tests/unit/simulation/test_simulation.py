"""Sending: each row once, whatever happens on the way."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from letters import LETTERS, rows

from kaizen.core.config import check
from kaizen.core.errors import KaizenError, UsageError
from kaizen.events.labelling import record
from kaizen.events.labelling import rows as label_rows
from kaizen.events.labels import read as read_labels
from kaizen.events.read import read
from kaizen.events.schema import line, new_id
from kaizen.simulation import sender, sent_log, simulation, sources, traffic
from kaizen.simulation.scenario import Scenario

TREE = {
    "ticks": 8,
    "rows": 12,
    "sources": {"usual": {"noise": {"malformed": 0.1}}, "cursive": {"origin": "foreign:cursive"}},
}
SCENARIO = check(Scenario, TREE)
POOLS = sources.pools(SCENARIO, LETTERS, lambda: rows(500, 0))
TICKS = list(traffic.plan(SCENARIO, POOLS, 2))
TOTAL = sum(len(tick.rows) for tick in TICKS)


class Service:
    """Answers as a service does: an event per row is on disk before the answer leaves."""

    def __init__(self, events: Path) -> None:
        self.events = events
        self.asked: list[str] = []
        self.before: Callable[[int], None] = lambda _: None
        self.after: Callable[[int], None] = lambda _: None
        events.mkdir(parents=True, exist_ok=True)

    def __call__(self, body: bytes, name: str) -> sender.Reply:
        self.before(len(self.asked))
        self.asked.append(name)
        try:
            given = [
                LETTERS.features.Request.model_validate(row, strict=True)
                for row in json.loads(body)["rows"]
            ]
        except ValueError:
            return sender.Reply(400, {"detail": "not valid"})
        request = new_id()
        made = [self._event(request, at, name, row) for at, row in enumerate(given)]
        with (self.events / f"{time.time_ns()}-{os.getpid()}.jsonl").open("ab") as file:
            file.writelines(map(line, made))
        self.after(len(self.asked) - 1)
        return sender.Reply(200, {"predictions": [{"id": event["id"]} for event in made]})

    def _event(self, request: str, at: int, name: str, row: Any) -> Any:
        return {
            "schema": 1, "id": f"{request}-{at}", "time": time.time(), "usecase": "letters",
            "version": "1", "request": request, "row": at, "trace": name, "latency_ms": 1.0,
            "inputs": {"values": row.model_dump()}, "outputs": {}, "response": {"letter": "a"},
            "confidence": None,
        }  # fmt: skip


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path / "events" / "letters")


@pytest.fixture
def begin(tmp_path: Path) -> Callable[..., sent_log.Journal]:
    def make(seed: int = 2, most: int = 5) -> sent_log.Journal:
        return sent_log.Journal(tmp_path / "simulation", {"seed": seed}, most)

    return make


def send(kept: sent_log.Journal, service: Service, **more: Any) -> list[int]:
    more = {"patience_s": 0.0, **more}
    return [asked for _, asked in simulation.send(TICKS, kept, service, service.events, **more)]


def events(service: Service) -> list[dict[str, Any]]:
    return list(read(service.events))


def test_all_rows_are_sent_and_what_came_of_them_is_kept(service: Service, begin: Any) -> None:
    kept = begin()
    assert sum(send(kept, service)) == TOTAL
    found = simulation.counts(kept, range(8))
    bad = sum(row.malformed for tick in TICKS for row in tick.rows)
    assert bad > 0
    assert (found.rows, found.refused, found.unplanned) == (TOTAL, bad, 0)
    assert found.answered == TOTAL - bad == len(events(service))
    sent = Counter(row.source for tick in TICKS for row in tick.rows)
    assert found.sources == dict(sent)
    assert sum(found.shares.values()) == pytest.approx(1, abs=1e-3)
    lines = [json.loads(text) for text in (kept.folder / sent_log.SENT).read_text().splitlines()]
    assert len(lines) == TOTAL
    assert {each["status"] for each in lines if each["malformed"]} == {400}


def test_labels_are_kept_by_the_ids_of_events_in_the_form_of_kaizen_label(
    service: Service, begin: Any
) -> None:
    kept = begin()
    send(kept, service)
    table = list(label_rows(kept.folder / sent_log.LABELS))
    outcome = record(LETTERS.features, service.events, table, "simulate")
    assert (outcome.stored, outcome.refused, outcome.unknown_event) == (len(events(service)), 0, 0)
    truths = {row.request: row.truth for tick in TICKS for row in tick.rows}
    known = read_labels(service.events)
    for event in events(service):
        asked = json.dumps(event["inputs"]["values"], separators=(",", ":"))
        assert known[event["id"]].value == truths[asked]


def test_sent_twice_nothing_is_sent(service: Service, begin: Any) -> None:
    send(begin(), service)
    asked = len(service.asked)
    assert sum(send(begin(), service)) == 0
    assert len(service.asked) == asked


@pytest.mark.parametrize("taken", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", [0, 1, 7, 20])
def test_stopped_at_a_request_it_goes_on_with_it(
    service: Service, begin: Any, at: int, taken: bool
) -> None:
    """``taken``: the service has answered, and the answer was never seen."""

    def stop(number: int) -> None:
        if number == at:
            raise KeyboardInterrupt

    # A malformed request has no event: that it may be asked again changes nothing.
    setattr(service, "after" if taken else "before", stop)
    with pytest.raises(KeyboardInterrupt):
        send(begin(), service)
    service.after = service.before = lambda _: None
    send(begin(), service)
    logged = events(service)
    assert len({event["id"] for event in logged}) == len(logged)
    good = [row.request for tick in TICKS for row in tick.rows if not row.malformed]
    asked = [json.dumps(e["inputs"]["values"], separators=(",", ":")) for e in logged]
    assert Counter(asked) == Counter(good)
    found = simulation.counts(begin(), range(8))
    assert (found.rows, found.unplanned) == (TOTAL, 0)
    assert len(begin().labels) == len(good)


def test_a_request_that_may_still_be_answered_is_waited_for(service: Service, begin: Any) -> None:
    kept = begin()
    body = next(iter(traffic.bodies(TICKS[0].rows, 5)))
    name = f"{kept.run}-0-0"
    kept.asking(name)

    late = Thread(target=lambda: service(body.content, name))
    waiting = simulation.read

    def reading(*words: Any, **more: Any) -> Any:
        found = list(waiting(*words, **more))
        if not late.ident:
            late.start()
        return found

    simulation.read = reading  # type: ignore[assignment]
    try:
        send(begin(), service, patience_s=60.0)
    finally:
        simulation.read = waiting
    assert service.asked.count(name) == 1


@pytest.mark.parametrize("cut", [30, 1500, 5000])
def test_half_written_lines_are_dropped_and_found_again(
    service: Service, begin: Any, cut: int
) -> None:
    """As a power cut may leave the files; the service's own log was written."""
    kept = begin()
    send(kept, service)
    asked = Counter(service.asked)
    for name in (sent_log.SENT, sent_log.LABELS):
        path = kept.folder / name
        path.write_bytes(path.read_bytes()[:-cut])
    again = begin()
    assert sum(1 for _ in again.rows(range(8))) < TOTAL
    send(again, service)
    found = simulation.counts(begin(), range(8))
    assert (found.rows, found.answered) == (TOTAL, len(events(service)))
    assert set(begin().labels) == {
        row.event for row in begin().rows(range(8)) if row.event is not None
    }
    malformed = {row.request for row in begin().rows(range(8)) if row.malformed}
    assert (Counter(service.asked) - asked).keys() <= malformed


def test_another_simulation_is_not_gone_on_with(begin: Any) -> None:
    begin(2)
    with pytest.raises(UsageError, match="another seed: --again"):
        begin(3)


def test_a_damaged_journal_is_named(begin: Any) -> None:
    folder = begin().folder
    (folder / sent_log.SENT).write_text("no json\n")
    with pytest.raises(KaizenError, match=r"sent\.jsonl is damaged"):
        begin()
    (folder / sent_log.SCENARIO).write_text("{}")
    with pytest.raises(KaizenError, match=r"scenario\.json is damaged"):
        begin()


def test_one_simulates_at_a_time(tmp_path: Path) -> None:
    with sent_log.held(tmp_path / "steady-0"), pytest.raises(KaizenError, match="another process"):
        sent_log.held(tmp_path / "steady-0").__enter__()


def test_what_was_not_planned_is_counted(service: Service, begin: Any) -> None:
    def ask(body: bytes, name: str) -> sender.Reply:
        if b"1e999" in body or len(service.asked) == 3:
            service.asked.append(name)
            return sender.Reply(500, {"title": "it failed"})
        return service(body, name)

    kept = begin()
    list(simulation.send(TICKS, kept, ask, service.events))
    found = simulation.counts(kept, range(8))
    assert found.unplanned > 0
    assert "500 it failed" in str(found.reason)


def test_labels_come_late(service: Service, begin: Any) -> None:
    kept, given = begin(), []
    late = simulation.Late(kept, lambda due: given.append(set(due)), 3)
    events_of = {}
    for tick, _ in simulation.send(TICKS, kept, service, service.events):
        late.tick(tick.number)
        rows = kept.rows(range(tick.number, tick.number + 1))
        events_of[tick.number] = {row.event for row in rows if row.event}
    assert given == [events_of[tick] for tick in range(5)]
    late.end(8)
    assert given[5] == events_of[5] | events_of[6] | events_of[7]


def test_rows_come_no_faster_than_the_rate(service: Service, begin: Any) -> None:
    begun = time.monotonic()
    send(begin(), service, rate=400.0)
    last = len(list(traffic.bodies(TICKS[-1].rows, 5))[-1].rows)
    assert time.monotonic() - begun >= (TOTAL - last) / 400


@pytest.fixture
def server() -> Iterator[Any]:
    """An HTTP server that answers with the statuses it is given, the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.seen.append((self.headers, body))
            status = made.statuses.pop(0) if len(made.statuses) > 1 else made.statuses[0]
            content = json.dumps({"detail": "so it is", "predictions": []}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return

    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.seen, made.statuses = [], [200]
    made.url = f"http://127.0.0.1:{made.server_port}"
    thread = Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_request_carries_its_name_and_the_key(server: Any) -> None:
    server.statuses = [503, 503, 200]
    with sender.asking(server.url, "secret", 5) as ask:
        assert ask(b"{}", "run-3-0").status == 200
    assert len(server.seen) == 3
    headers, body = server.seen[-1]
    assert (headers["x-request-id"], headers["x-api-key"], body) == ("run-3-0", "secret", b"{}")


@pytest.mark.parametrize(
    ("status", "words", "taken"),
    [(401, "KAIZEN_API_KEY", False), (403, "so it is", False), (502, "goes on where", True)],
)
def test_no_answer_says_what_to_do(server: Any, status: int, words: str, taken: bool) -> None:
    server.statuses = [status]
    with sender.asking(server.url, None, 5) as ask, pytest.raises(KaizenError) as caught:
        ask(b"{}", "run-3-0")
    assert words in str(caught.value)
    assert isinstance(caught.value, sender.NotTakenError) is not taken


def test_a_service_that_is_not_there_has_taken_nothing(
    server: Any, service: Service, begin: Any
) -> None:
    server.shutdown()
    server.server_close()
    kept = begin()
    with (
        sender.asking(server.url, None, 5) as ask,
        pytest.raises(sender.NotTakenError, match="gave no answer"),
    ):
        list(simulation.send(TICKS, kept, ask, service.events))
    begun = time.monotonic()
    send(begin(), service, patience_s=60.0)
    assert time.monotonic() - begun < 30  # nobody waits for it
    assert len(events(service)) == simulation.counts(begin(), range(8)).answered
