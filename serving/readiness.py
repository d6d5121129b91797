"""What ``/readyz`` says to who waits for a server."""

from __future__ import annotations

import httpx

from kaizen.errors import KaizenError
from serving.refusal import MODEL_REFUSED


def not_ready(client: httpx.Client, url: str) -> str | None:
    """Why the service at ``url`` is not ready, None when it is.

    Raises:
        httpx.ConnectError: nothing listens there.
        KaizenError: it says that it never will be; its reason.
    """
    try:
        answer = client.get(f"{url}/readyz")
    except httpx.ConnectError:
        raise
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    if answer.status_code == httpx.codes.OK:
        return None
    if _problem(answer).get("type") == MODEL_REFUSED:
        raise KaizenError(reason(answer))
    return reason(answer)


def reason(answer: httpx.Response) -> str:
    """Why a request was refused, in the words of who refused it."""
    return str(_problem(answer).get("detail", answer.text[:200]))


def _problem(answer: httpx.Response) -> dict[str, object]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
