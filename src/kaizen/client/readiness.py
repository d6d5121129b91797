"""What ``/readyz`` says to who waits for a server."""

from __future__ import annotations

from typing import Any

import httpx

from kaizen.client.comparison import reason
from kaizen.core.errors import KaizenError
from kaizen.inference.refusal import MODEL_REFUSED


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
    said = content_of(answer)
    if isinstance(said, dict) and said.get("type") == MODEL_REFUSED:
        raise KaizenError(reason(said))
    return reason(said)


def content_of(answer: httpx.Response) -> Any:
    """The JSON of an answer, or its text where it has none."""
    try:
        return answer.json()
    except ValueError:
        return answer.text
