from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers

from kaizen.inference.refusal import Refusal
from kaizen.server.body_timeouts import Arrivals

NONE = Headers({})


async def at_once() -> dict[str, Any]:
    return {"type": "http.request", "body": b"x"}


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def test_each_late_body_is_ended_and_the_others_are_not() -> None:
    arrivals = Arrivals(8, 0.05)

    async def ask() -> list[Any]:
        async def later() -> Any:
            await asyncio.sleep(0.02)
            return await arrivals.body(NONE, never, 10)

        def body(receive: Any) -> Any:
            return arrivals.body(NONE, receive, 10)

        return await asyncio.gather(
            body(never), later(), body(at_once), body(never), return_exceptions=True
        )

    first, second, there, third = asyncio.run(ask())
    assert there == b"x"
    assert [each.status for each in (first, second, third)] == [408] * 3
    assert asyncio.run(ask())[2] == b"x", "the places are free again"


def test_a_body_ended_by_somebody_else_is_not_called_late() -> None:
    arrivals = Arrivals(8, 5.0)

    async def ask() -> None:
        task = asyncio.create_task(arrivals.body(NONE, never, 10))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ask())


def test_bodies_that_are_there_need_one_timer_together(monkeypatch: pytest.MonkeyPatch) -> None:
    arrivals = Arrivals(1, 5.0)
    armed: list[float] = []

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        real = loop.call_at
        monkeypatch.setattr(loop, "call_at", lambda *a, **k: (armed.append(a[0]), real(*a, **k))[1])
        for _ in range(5):
            assert await arrivals.body(NONE, at_once, 10) == b"x"

    asyncio.run(ask())
    assert len(armed) == 1


def test_more_than_may_arrive_are_turned_away() -> None:
    arrivals = Arrivals(1, 0.01)

    async def ask() -> list[Any]:
        both = [arrivals.body(NONE, never, 10) for _ in range(2)]
        return await asyncio.gather(*both, return_exceptions=True)

    first, second = asyncio.run(ask())
    assert isinstance(first, Refusal)
    assert first.status == 408
    assert (second.status, second.reason) == (503, "1 requests are arriving, ask again")
