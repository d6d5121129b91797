"""How a refusal leaves: a problem document, and a connection the client can read it from."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kaizen.inference.refusal import MEDIA_TYPE, Refusal
from kaizen.server.identity import Identity, identify

LINGER_S = 1.0
LINGER_BYTES = 32 * 2**20
"""How long and how much of a refused body is thrown away after the answer: a connection closed
with unread bytes is reset, and a reset can overtake the answer."""

_CHALLENGES = {
    "key_missing": 'Bearer realm="kaizen"',
    "key_unknown": 'Bearer realm="kaizen", error="invalid_token"',
    "key_scope": 'Bearer realm="kaizen", error="insufficient_scope"',
}


class Problem(Response):
    """A refusal as an answer, sent at once, also while the client is still sending."""

    def __init__(self, refusal: Refusal, who: Identity) -> None:
        headers = {"retry-after": "1"} if refusal.status == 503 else {}
        self._lingers = refusal.status == 413
        if refusal.status in (401, 403):
            headers["www-authenticate"] = _CHALLENGES[refusal.kind]
        if refusal.status in (408, 413):
            headers["connection"] = "close"
        super().__init__(refusal.body(who.shown), refusal.status, headers, MEDIA_TYPE)

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        body = {"type": "http.response.body", "body": self.body}
        if not self._lingers:
            await send(body)
            return
        await send({**body, "more_body": True})
        try:
            async with asyncio.timeout(LINGER_S):
                await _drain(receive)
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    size = 0
    while size < LINGER_BYTES:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def named(scope: Scope) -> Identity:
    """The names of the request of this scope."""
    known: Identity | None = scope.get("kaizen.identity")
    return known or identify(scope["headers"])


def refused(request: Request, refusal: Refusal) -> Problem:
    """The answer to a request that is refused."""
    return Problem(refusal, named(request.scope))
