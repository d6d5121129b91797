"""Receives a request's body, never more of it than allowed."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Receive

from serving.refusal import Refusal

_DRAINED = 4
"""How many times the limit is read and thrown away, so that the client gets to read the refusal."""


async def read(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The body of a request, at most ``limit`` bytes; counted as it comes, chunked or not.

    Raises:
        Refusal: it is larger, empty, compressed, or the client went away.
    """
    if headers.get("content-encoding", "identity") != "identity":
        raise Refusal(415, "content-encoding", "compressed bodies are not taken")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "body", "the client went away before its request was complete")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        more = message.get("more_body", False)
        if size > limit and (not more or size > _DRAINED * limit):
            raise Refusal(413, "body", f"at most {limit} bytes are taken")
        if not more:
            break
    if not size:
        raise Refusal(400, "body", "the body is empty", kind="empty")
    return b"".join(chunks)
