"""Receives a request's body, never more of it than allowed."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Receive

from kaizen.inference.refusal import Refusal

_LONGEST_NUMBER = 18
"""Digits of a length that is worth reading; more is too large whatever it is."""


async def read(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The body of a request, at most ``limit`` bytes.

    Refused at once: by its announced length before a byte is read, or, chunked, with the first
    byte too many.

    Raises:
        Refusal: it is larger, empty, compressed, or the client went away.
    """
    if headers.get("content-encoding", "identity") != "identity":
        raise Refusal(415, "content-encoding", "compressed bodies are not taken")
    announced = headers.get("content-length", "0")
    if len(announced) > _LONGEST_NUMBER or int(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "body", "the client went away before its request was complete")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
    if not size:
        raise Refusal(400, "body", "the body is empty", kind="empty")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "body", f"at most {limit} bytes are taken")
