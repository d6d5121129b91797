"""Which request this is: its own id, and the caller's id and trace where they are well formed.

What a caller sends is written into events, headers and logs, so anything that is not plainly an
id is passed over and one is made instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from kaizen.events.schema import new_id

REQUEST_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""What an ``x-request-id`` may be; the router asks the same."""

_REQUEST_ID = re.compile(REQUEST_ID.encode())
# W3C Trace Context: version, trace, parent, flags. Version ff and ids of zeros are not valid.
_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


class Identity(NamedTuple):
    """A request's names.

    Attributes:
        own: made here, unique and sorted by time; the events' ``request``.
        shown: the id the client gets: its own ``x-request-id``, or ``own``.
        traceparent: the caller's, None without a valid one.
    """

    own: str
    shown: str
    traceparent: str | None

    @property
    def trace(self) -> str | None:
        """The caller's own id, for the event."""
        return self.traceparent or (self.shown if self.shown != self.own else None)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The response's headers that repeat them."""
        found = [(b"x-request-id", self.shown.encode())]
        if self.traceparent:
            found.append((b"traceparent", self.traceparent.encode()))
        return found


def identify(headers: Iterable[tuple[bytes, bytes]]) -> Identity:
    """The names of a request with these raw headers (names in lower case, as ASGI has them)."""
    own = new_id()
    shown, traceparent = own, None
    for name, value in headers:
        if name == b"x-request-id":
            if _REQUEST_ID.fullmatch(value):
                shown = value.decode()
        elif name == b"traceparent" and _TRACEPARENT.fullmatch(value):
            traceparent = value.decode()
    return Identity(own, shown, traceparent)
