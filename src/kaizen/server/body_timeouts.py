"""Bodies that are arriving: how many may at once, and for how long.

A timer for each would be a tenth of a small request's CPU, and nearly all bodies come with their
heads. All have the same time, so they run out in the order of their coming: one timer, for the
oldest, watches them all.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.datastructures import Headers
from starlette.types import Receive

from kaizen.inference.refusal import Refusal
from kaizen.server.body import read


class Arrivals:
    """The bodies that one worker is waiting for.

    Args:
        most: how many may arrive at once.
        seconds: longest time for one.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._due: dict[asyncio.Task[Any], float] = {}
        """Oldest first."""
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def body(self, headers: Headers, receive: Receive, most_bytes: int) -> bytes:
        """A request's body, at most ``most_bytes``.

        Raises:
            Refusal: see :func:`kaizen.server.body.read`; too many are arriving, or this one came
            late.
        """
        if len(self._due) >= self._most:
            raise Refusal(503, "service", f"{len(self._due)} requests are arriving, ask again")
        loop = asyncio.get_running_loop()
        task = cast("asyncio.Task[Any]", asyncio.current_task())  # a coroutine runs in one
        self._due[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._watch, loop)
        try:
            return await read(headers, receive, most_bytes)
        except asyncio.CancelledError:
            if task not in self._late or task.uncancel():
                raise  # somebody else wants the request ended
            reason = f"the body took more than {self._seconds:g} s"
            raise Refusal(408, "body", reason) from None
        finally:
            self._due.pop(task, None)
            self._late.discard(task)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """End the bodies whose time is over; come again when the next one's is."""
        self._timer = None
        for task, due in list(self._due.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._watch, loop)
                return
            del self._due[task]
            self._late.add(task)
            task.cancel()
