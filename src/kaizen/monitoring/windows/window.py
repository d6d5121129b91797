"""The window: events of one model version that are judged together."""

from __future__ import annotations

from collections.abc import Mapping

from kaizen.core.results import Record

Key = tuple[float, str, int]
"""Time, request and row: the order of events."""


class Span(Record):
    """Where in one spool file a window's events lie, in bytes. It holds for good.

    A spool file only grows at its end, and what it becomes when it is compacted keeps the place of
    each line: so what was there when a window was made can be told from what came later.

    Attributes:
        start: no event of the window began before.
        late: those of its events that came late began here or after.
        end: its events began before.
        rest: the first event that had no turn yet began here or after.
    """

    start: int
    late: int
    end: int
    rest: int


class Window(Record):
    """A window: events of one model version, described so that they can be read again.

    Attributes:
        usecase, version: who answered.
        name: unique within the use case, and the same however often it is made.
        since, until: the events lie in [since, until), seconds since the epoch; others may, too.
        rows: how many.
        late: how many of them arrived after the window they belonged to was closed.
        digest: SHA-256 over the ids of the events, sorted, one a line: who reads the window again
            and finds this has read the same events.
        number: its place among the windows of the version, from 1; a partial one has the number
            of the one it is part of.
        partial: made before it was full; its events are judged again.
        after: the key up to which events had had their turn before, None for none.
        last: the key up to which they have had it now.
        spans: name of a spool file, without its suffix, to where the events lie in it.
    """

    usecase: str
    version: str
    name: str
    since: float
    until: float
    rows: int
    late: int = 0
    digest: str
    number: int = 0
    partial: bool = False
    after: Key | None = None
    last: Key | None = None
    spans: Mapping[str, Span] = {}
