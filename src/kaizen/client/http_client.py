"""Asks a running service: whether it is ready, and whether it answers as it should."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx

from kaizen.client.comparison import Answer, Ask, reason
from kaizen.client.readiness import content_of, not_ready
from kaizen.core import http
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home, home
from kaizen.inference.golden import Golden, same
from kaizen.inference.parser import JSON
from kaizen.server import keyring
from kaizen.server.access import PROBE

_PAUSE = 0.05
_BUSY_S = 5.0
"""How long a service that is busy is asked again."""


def wait_ready(url: str, timeout_s: float = 30.0) -> float:
    """Wait until the service at ``url`` is ready; the seconds it took.

    Raises:
        KaizenError: it is not ready in time, or says that it never will be.
    """
    began = time.monotonic()
    last = "nothing listens there"
    with http.client(2.0) as client:
        while time.monotonic() - began < timeout_s:
            try:
                refusal = not_ready(client, url)
            except httpx.ConnectError as error:
                refusal = str(error)
            except KaizenError as error:
                raise KaizenError(f"the service at {url} will not get ready: {error}") from None
            if refusal is None:
                return time.monotonic() - began
            last = refusal
            time.sleep(_PAUSE)
    raise KaizenError(f"the service at {url} was not ready within {timeout_s:g} s: {last}")


@contextmanager
def asking(
    url: str, *, probe: bool = False, timeout_s: float = 10.0, of: Home | None = None
) -> Iterator[Ask]:
    """Asks the service at ``url`` over one kept connection; what is busy is asked again.

    Args:
        url: root of the service, before ``/predict``.
        probe: mark the events as kaizen's own; no key is needed then.
        timeout_s: longest wait for one step of the exchange.
        of: the home whose service it is, None for this process's own.
    """
    headers = {PROBE: keyring.probe((of or home()).keys)} if probe else {}
    with http.client(timeout_s) as client:
        client.headers.update(headers)

        def ask(content_type: str, body: bytes) -> Answer:
            patience = time.monotonic() + _BUSY_S
            while True:
                began = time.perf_counter()
                try:
                    response = client.post(
                        f"{url}/predict", content=body, headers={"content-type": content_type}
                    )
                except httpx.HTTPError as error:
                    said = str(error) or type(error).__name__
                    raise KaizenError(f"{url}/predict gave no answer: {said}") from error
                took = (time.perf_counter() - began) * 1000
                busy = response.status_code == httpx.codes.SERVICE_UNAVAILABLE
                if not busy or time.monotonic() > patience:
                    return Answer(response.status_code, content_of(response), took)
                time.sleep(_PAUSE)

        yield ask


def ask(
    url: str,
    rows: list[dict[str, Any]],
    *,
    probe: bool = False,
    timeout_s: float = 10.0,
    of: Home | None = None,
) -> dict[str, Any]:
    """The service's answer to ``rows``; the rest is as for :func:`asking`.

    Args:
        rows: n rows as JSON.

    Raises:
        KaizenError: no answer, or a refusal; its reason is quoted.
    """
    with asking(url, probe=probe, timeout_s=timeout_s, of=of) as service:
        answer = service(JSON, json.dumps({"rows": rows}, allow_nan=False).encode())
    if answer.status != httpx.codes.OK:
        raise KaizenError(f"{url}/predict refused: {answer.status} {reason(answer.content)}")
    return cast(dict[str, Any], answer.content)


def smoke(
    url: str,
    golden: Golden,
    version: str | None = None,
    *,
    at_once: int = 16,
    of: Home | None = None,
) -> None:
    """Ask the golden set and compare every answer.

    Args:
        url: root of the service.
        golden: the requests and the responses due.
        version: the model version that must answer, None for any.
        at_once: rows per request.
        of: the home whose service it is, None for this process's own.

    Raises:
        KaizenError: which request differed, what was expected and what was found.
    """
    if not golden.requests:
        raise KaizenError("the golden set is empty: there is nothing to compare")
    for start in range(0, len(golden.requests), at_once):
        rows = golden.requests[start : start + at_once]
        answer = ask(url, rows, probe=True, of=of)
        if version is not None and answer["model_version"] != version:
            raise KaizenError(
                f"{url} serves version {answer['model_version']}, expected version {version}"
            )
        found = answer["predictions"]
        if len(found) != len(rows):
            raise KaizenError(f"{url} gave {len(found)} answers to {len(rows)} rows")
        for at, prediction in enumerate(found, start):
            due = golden.responses[at]
            if not same(due, prediction):
                raise KaizenError(
                    f"golden request {at} at {url}: expected {due}, found {prediction}"
                )
