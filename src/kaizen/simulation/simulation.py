"""Sends the ticks of a scenario in order, each row once, and keeps what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kaizen.core.errors import KaizenError
from kaizen.core.results import Record
from kaizen.events.joined import CLOCK_S
from kaizen.events.read import read
from kaizen.events.schema import event_id
from kaizen.simulation.sender import GO_ON, Ask, NotTakenError, Reply
from kaizen.simulation.sent_log import Journal, Sent
from kaizen.simulation.traffic import Body, Tick, bodies

_PAUSE = 0.1
OK = 200


class Counts(Record):
    """What came of rows.

    Attributes:
        rows: asked.
        answered: with an event each.
        refused: as planned.
        unplanned: refused though they should not be, or answered though they should be refused.
        reason: of the first that was unplanned.
        sources: rows of each source.
    """

    rows: int
    answered: int
    refused: int
    unplanned: int
    reason: str | None
    sources: dict[str, int]

    @property
    def shares(self) -> dict[str, float]:
        """Each source's share of the rows."""
        return {name: round(count / self.rows, 4) for name, count in self.sources.items()}


def send(
    ticks: Iterable[Tick],
    journal: Journal,
    ask: Ask,
    events: Path,
    *,
    rate: float | None = None,
    patience_s: float = 10.0,
) -> Iterator[tuple[Tick, int]]:
    """Send what was not sent yet; each tick with the rows asked now, when it is on disk.

    Args:
        ticks: in their order.
        journal: what was sent before; each answer is noted in it.
        ask: the service.
        events: the service's event log, which tells whether a request without an answer was taken.
        rate: rows a second; None for as fast as they are answered.
        patience_s: how long after its beginning such a request may still appear there.

    Raises:
        KaizenError: no answer came; the same again goes on.
    """
    doubtful, lost = journal.doubtful(), _lost(events, journal)
    begun, asked = time.monotonic(), 0
    for tick in ticks:
        before = asked
        for number, body in enumerate(bodies(tick.rows, journal.most)):
            request = f"{journal.run}-{tick.number}-{number}"
            if request in journal.sent:
                journal.label(_labels(journal.sent[request], body))
                continue
            found = lost.get(request)
            if found is None and doubtful and request == doubtful[0]:
                found = _awaited(events, body, *doubtful, patience_s)
            if found is not None:
                _note(journal, tick, body, request, OK, found)
                continue
            if rate is not None:
                time.sleep(max(0.0, begun + asked / rate - time.monotonic()))
            journal.asking(request)
            try:
                reply = ask(body.content, request)
            except NotTakenError:
                journal.asking("")
                raise
            _note(journal, tick, body, request, reply.status, _ids(reply, body), reply.reason)
            asked += len(body.rows)
        if tick.rows:
            journal.settle()
        yield tick, asked - before


def counts(journal: Journal, ticks: range) -> Counts:
    """What came of the rows of these ticks."""
    rows = list(journal.rows(ticks))
    odd = [row for row in rows if not row.planned]
    return Counts(
        rows=len(rows),
        answered=sum(row.event is not None for row in rows),
        refused=sum(row.event is None and row.malformed for row in rows),
        unplanned=len(odd),
        reason=_why(odd[0]) if odd else None,
        sources=dict(Counter(row.source for row in rows)),
    )


def _why(row: Sent) -> str:
    if row.event is not None:
        return f"tick {row.tick}: a row that should be refused was answered ({row.event})"
    return f"tick {row.tick}: {row.status} {row.reason or ''}".rstrip()


def _note(
    journal: Journal,
    tick: Tick,
    body: Body,
    request: str,
    status: int,
    ids: list[str] | None,
    reason: str = "",
) -> None:
    rows = [
        Sent(
            tick=tick.number,
            source=asked.source,
            request=request,
            row=at,
            rows=len(body.rows),
            malformed=asked.malformed,
            status=status,
            event=ids[at] if ids else None,
            reason=None if ids else reason or None,
        )
        for at, asked in enumerate(body.rows)
    ]
    journal.note(rows, _labels(rows, body))


def _labels(rows: Sequence[Sent], body: Body) -> dict[str, Any]:
    """The truth of the events of one request."""
    return {
        row.event: asked.truth
        for row, asked in zip(rows, body.rows, strict=True)
        if row.event is not None and asked.truth is not None
    }


def _ids(reply: Reply, body: Body) -> list[str] | None:
    """The ids of the events, None where the request was refused."""
    if reply.status != OK:
        return None
    try:
        found = [str(each["id"]) for each in reply.content["predictions"]]
    except (KeyError, TypeError) as error:
        raise KaizenError(f"the service answered without ids of predictions; {GO_ON}") from error
    if len(found) != len(body.rows):
        raise KaizenError(f"the service gave {len(found)} answers to {len(body.rows)} rows")
    return found


def _lost(events: Path, journal: Journal) -> dict[str, list[str]]:
    """The ids of the events of requests whose answers were never noted, by the request's name."""
    found: dict[str, dict[int, str]] = {}
    for event in read(events, since=journal.since - CLOCK_S):
        name = event["trace"] or ""
        if name.startswith(journal.run) and name not in journal.sent:
            found.setdefault(name, {})[event["row"]] = event_id(event["request"], event["row"])
    return {name: [ids[row] for row in sorted(ids)] for name, ids in found.items()}


def _awaited(
    events: Path, body: Body, request: str, since: float, patience_s: float
) -> list[str] | None:
    """The ids of the events of a request that was on its way; None where it was not taken.

    It may be answered for as long as the service allows: that long it is waited for, or it would be
    sent twice. A malformed one has no event.
    """
    while not body.rows[0].malformed and time.time() - since <= patience_s:
        found = {
            event["row"]: event_id(event["request"], event["row"])
            for event in read(events, since=since - CLOCK_S)
            if event["trace"] == request
        }
        if found:
            return [found[row] for row in sorted(found)]
        time.sleep(_PAUSE)
    return None


Labeller = Callable[[dict[str, Any]], None]
"""Stores labels by event id."""


class Late:
    """Labels that come some ticks after their events.

    Args:
        journal: holds them.
        store: where they go.
        after: ticks.
    """

    def __init__(self, journal: Journal, store: Labeller, after: int) -> None:
        self._journal = journal
        self._store = store
        self._after = after
        self._next = 0

    def tick(self, number: int) -> None:
        """Tick ``number`` has been sent."""
        self._give(number - self._after + 1)

    def end(self, ticks: int) -> None:
        """The last of ``ticks`` has been sent: what is still to come, comes."""
        self._give(ticks)

    def _give(self, until: int) -> None:
        labels = self._journal.labels
        due = {
            row.event: labels[row.event]
            for row in self._journal.rows(range(self._next, until))
            if row.event is not None and row.event in labels
        }
        if due:
            self._store(due)
        self._next = max(self._next, until)
