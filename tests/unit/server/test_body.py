from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers

from kaizen.inference.refusal import Refusal
from kaizen.server.body import read


def receive(*chunks: bytes, gone: bool = False) -> Any:
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if gone:
        messages.append({"type": "http.disconnect"})
    elif messages:
        messages[-1]["more_body"] = False
    else:
        messages = [{"type": "http.request"}]
    taken = iter(messages)

    async def one() -> dict[str, Any]:
        return next(taken)

    one.left = lambda: len(list(taken))  # type: ignore[attr-defined]
    return one


def get(source: Any, limit: int = 10, **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(read(Headers(named), source, limit))


def test_chunks_are_joined() -> None:
    assert get(receive(b"abc", b"", b"defg", b"hij")) == b"abcdefghij"


def test_a_body_too_large_is_refused_with_the_first_byte_too_many() -> None:
    source = receive(b"x" * 6, b"x" * 6, b"x" * 6)
    with pytest.raises(Refusal, match="at most 10 bytes") as caught:
        get(source)
    assert caught.value.status == 413
    assert source.left() == 1


@pytest.mark.parametrize("announced", ["11", "9" * 5000])
def test_a_body_that_says_it_is_too_large_is_not_read(announced: str) -> None:
    source = receive(b"x" * 11)
    with pytest.raises(Refusal, match="at most 10 bytes"):
        get(source, content_length=announced)
    assert source.left() == 1


def test_a_body_without_end_is_not_taken_in() -> None:
    source = receive(*[b"x" * 10] * 100)
    with pytest.raises(Refusal, match="at most 10 bytes"):
        get(source)
    assert source.left() > 90


@pytest.mark.parametrize("source", [receive(), receive(b"", b"")])
def test_an_empty_body_is_refused(source: Any) -> None:
    with pytest.raises(Refusal, match="empty") as caught:
        get(source)
    assert (caught.value.status, caught.value.kind) == (400, "empty")


def test_a_client_that_leaves_gets_nothing_scored() -> None:
    with pytest.raises(Refusal, match="went away"):
        get(receive(b"abc", gone=True))


def test_compressed_bodies_are_refused() -> None:
    with pytest.raises(Refusal) as caught:
        get(receive(b"abc"), content_encoding="gzip")
    assert (caught.value.status, caught.value.field) == (415, "content-encoding")
