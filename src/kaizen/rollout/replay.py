"""Replays recent requests of clients against another version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kaizen.client import http_client
from kaizen.client.comparison import Ask, Comparison, Question, compare
from kaizen.client.subprocess_client import apart
from kaizen.core.paths import Home
from kaizen.core.results import Record, Release
from kaizen.core.usecase import Features
from kaizen.events import read, replay
from kaizen.inference.golden import TOLERANCE
from kaizen.rollout.servers import address, is_ready
from kaizen.rollout.state import State


class Replay(Record):
    """The result of a replay.

    Attributes:
        events: how many there were.
        unreadable: ids of those that cannot be asked again: the log does not hold their inputs.
        was: how many of those asked each version had answered.
        found: the answers of today beside the stored ones.
    """

    events: int
    unreadable: tuple[str, ...]
    was: dict[str, int]
    found: Comparison


def recent(
    home: Home, usecase: str, *, last: int | None = None, since: float | None = None
) -> list[dict[str, Any]]:
    """The newest events of clients, oldest first; kaizen's own questions are left out.

    Args:
        last: at most so many.
        since: only at or after this time (seconds since the epoch).
    """
    return list(read.read(home.events / usecase, limit=last, since=since))


def again(
    features: Features,
    events: Iterable[Mapping[str, Any]],
    ask: Ask,
    *,
    tolerance: float = TOLERANCE,
    ignore: Iterable[str] = (),
    at_once: int = 1,
) -> Replay:
    """Ask ``events`` again; see :func:`kaizen.client.comparison.compare`.

    Raises:
        KaizenError: what is asked gives no answer.
    """
    unreadable: list[str] = []
    was: Counter[str] = Counter()

    def questions() -> Iterator[Question]:
        for event in events:
            question = _question(features, event)
            if question is None:
                unreadable.append(str(event["id"]))
            else:
                was[event["version"]] += 1
                yield question

    found = compare(questions(), ask, tolerance=tolerance, ignore=ignore, at_once=at_once)
    return Replay(
        events=was.total() + len(unreadable),
        unreadable=tuple(unreadable),
        was=dict(was),
        found=found,
    )


@contextmanager
def asking(home: Home, release: Release) -> Iterator[Ask]:
    """Asks ``release``: its server where it runs, without the router; else its Bento, apart.

    Either way the questions are marked as kaizen's own.

    Raises:
        KaizenError: it does not serve.
    """
    with State(home) as state:
        row = state.desired().get(release.usecase)
    placed = row.placed(release.version) if row else None
    if placed and placed.release == release and is_ready(placed.port):
        with http_client.asking(address(placed.port), probe=True, of=home) as ask:
            yield ask
    else:
        with apart(release, home) as ask:
            yield ask


def running(home: Home, usecase: str, version: str) -> Release | None:
    """The release of ``version`` that has a server now, None where there is none."""
    with State(home) as state:
        row = state.desired().get(usecase)
    placed = row.placed(version) if row else None
    return placed.release if placed and is_ready(placed.port) else None


def _question(features: Features, event: Mapping[str, Any]) -> Question | None:
    sent = replay.as_sent(features, event)
    response = event.get("response")
    if sent is None or not isinstance(response, Mapping):
        return None
    form, content = sent
    shape = features.array.shape if features.array else ()
    return Question(str(event["id"]), form, content, (response,), shape)
