"""Which events are judged together."""

from __future__ import annotations

from kaizen.results import Record


class Window(Record):
    """Events of one version of a model, named so that they can be read again.

    Attributes:
        usecase, version: who answered.
        name: unique within the use case, and the same however often it is made.
        since, until: the events lie in [since, until), seconds since the epoch.
        rows: how many.
        late: how many of them had come after the window they belonged to was closed.
        digest: SHA-256 over the ids of the events, sorted, one a line: who reads the window again
            and finds this has read the same events.
    """

    usecase: str
    version: str
    name: str
    since: float
    until: float
    rows: int
    late: int = 0
    digest: str
