"""Asks the live service over one kept connection, each request by its own name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from kaizen.core import http
from kaizen.core.errors import KaizenError

BUSY_S = 10.0
"""How long a service that is busy is asked again."""
_PAUSE = 0.05
GO_ON = "the same command goes on where it stopped"


class NotTakenError(KaizenError):
    """No answer, and the service has not taken the request either."""


class Reply(NamedTuple):
    """What came back: the status and the JSON, None where it is none."""

    status: int
    content: Any

    @property
    def reason(self) -> str:
        """Why it is a refusal."""
        said = self.content if isinstance(self.content, dict) else {}
        return str(said.get("detail") or said.get("title") or "")[:200]


Ask = Callable[[bytes, str], Reply]
"""Given a body and the name of its request, asks. Raises KaizenError where no answer comes:
unless it is a NotTakenError, it is not known whether the service has taken the request."""


@contextmanager
def asking(url: str, key: str | None, timeout_s: float) -> Iterator[Ask]:
    """Asks the service at ``url``.

    Args:
        url: root of the service, before ``/predict``.
        key: API key, None for none.
        timeout_s: longest wait for one step of an exchange.
    """
    with http.client(timeout_s) as client:
        client.headers["content-type"] = "application/json"
        if key:
            client.headers["x-api-key"] = key

        def ask(body: bytes, name: str) -> Reply:
            patience = time.monotonic() + BUSY_S
            while True:
                reply = _ask(client, url, body, name)
                if reply.status != httpx.codes.SERVICE_UNAVAILABLE:
                    return _allowed(url, reply)
                if time.monotonic() > patience:
                    raise NotTakenError(f"{url} takes no requests: {reply.reason}; {GO_ON}")
                time.sleep(_PAUSE)

        yield ask


def _ask(client: httpx.Client, url: str, body: bytes, name: str) -> Reply:
    try:
        response = client.post(f"{url}/predict", content=body, headers={"x-request-id": name})
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        not_taken = isinstance(error, httpx.ConnectError)
        failure = NotTakenError if not_taken else KaizenError
        raise failure(f"{url}/predict gave no answer: {said}; {GO_ON}") from error
    try:
        content = response.json()
    except ValueError:
        content = None
    return Reply(response.status_code, content)


def _allowed(url: str, reply: Reply) -> Reply:
    if reply.status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise NotTakenError(
            f"{url} refused the API key: {reply.reason}; {http.API_KEY} holds the key, "
            "`kaizen keys create NAME --scope predict` makes one"
        )
    if reply.status == httpx.codes.BAD_GATEWAY:
        raise KaizenError(f"{url} has no server that answers; {GO_ON}")
    return reply
