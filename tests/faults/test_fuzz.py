"""Requests made up from the service's own OpenAPI document, and bent: none may end in a 5xx.

``FAULTS`` scales the number of requests, 25 for each: 20 (500 requests) without it; 200 for 5,000.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.linear import linear_release
from tests.integration.test_service import Server, start, stop

pytestmark = [pytest.mark.integration, pytest.mark.faults]

REQUESTS = 25 * int(os.environ.get("FAULTS", "20"))
PRINTED = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=90)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**64), 10**300, 1e308, -1e308, 5e-324, -0.0])
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    server = start(linear_release(folder), folder / "run", 1)
    yield server
    stop(server)


def valid(schema: dict[str, Any], document: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a JSON schema of the kinds that pydantic writes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return valid(document["components"]["schemas"][name], document)
    if "anyOf" in schema:
        return st.one_of([valid(each, document) for each in schema["anyOf"]])
    kind = schema["type"]
    if "const" in schema:
        return st.just(schema["const"])
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"))
    if kind == "object":
        parts = {name: valid(each, document) for name, each in schema["properties"].items()}
        needed = set(schema.get("required", ()))
        return st.fixed_dictionaries(
            {name: part for name, part in parts.items() if name in needed},
            optional={name: part for name, part in parts.items() if name not in needed},
        )
    if kind == "array":
        low, high = schema.get("minItems", 0), min(schema.get("maxItems", 4), 4)
        return st.lists(valid(schema["items"], document), min_size=low, max_size=high)
    return {
        "number": st.floats(-10, 10) | st.integers(-10, 10),
        "integer": st.integers(0, 20),
        "string": st.sampled_from(["", "AAAA", "A" * 107 + "="]) | st.text(max_size=20),
        "null": st.none(),
    }[kind]


@st.composite
def bent(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> Any:
    """A valid value with one part of it replaced, added or taken away."""
    value = draw(whole)
    at = value
    while isinstance(at, dict | list) and at:
        key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or draw(st.integers(0, 3)) == 0:
            if draw(st.booleans()):
                at[key] = draw(ANYTHING)
            elif isinstance(at, dict) and draw(st.booleans()):
                at[draw(st.text(max_size=8))] = draw(ANYTHING)
            else:
                del at[key]
            break
        at = at[key]
    return value


def bodies(document: dict[str, Any], path: str) -> st.SearchStrategy[bytes]:
    content = document["paths"][path]["post"]["requestBody"]["content"]
    whole = valid(content["application/json"]["schema"], document)
    written = (whole | bent(whole) | ANYTHING).map(_dump)
    cut = st.tuples(written, st.integers(0, 60)).map(lambda both: both[0][: -both[1] or None])
    return written | cut | st.binary(max_size=200) | st.binary(min_size=80, max_size=80)


def _dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, TypeError):
        import json

        return json.dumps(value).encode()  # numbers beyond 64 bits; NaN as NaN


NAMES = ("x-request-id", "traceparent", "authorization", "x-api-key", "accept", "x-kaizen-probe")
KINDS = ["application/json"] * 5 + ["application/octet-stream"] * 3 + ["", "text/plain", "a;b=c"]
HEADERS = st.fixed_dictionaries(
    {"content-type": st.sampled_from(KINDS)},
    optional={
        **dict.fromkeys(NAMES, PRINTED),
        "content-encoding": st.sampled_from(["identity", "gzip"]),
    },
)
OTHER = st.sampled_from(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])


def test_no_request_ends_in_a_fault_of_the_service(served: Server) -> None:
    document = httpx.get(f"{served.url}/openapi.json").json()
    known = {
        path: methods["post"]["responses"]
        for path, methods in document["paths"].items()
        if "post" in methods
    }
    assert set(known) == {"/predict", "/feedback"}
    meant = {
        path: st.tuples(st.just("POST"), st.just(path), bodies(document, path)) for path in known
    }
    other = st.tuples(OTHER, st.sampled_from([*document["paths"]]), bodies(document, "/predict"))
    before = sorted(worker.pid for worker in served.workers())
    answered: dict[int, int] = {}
    with httpx.Client(base_url=served.url, timeout=15.0, trust_env=False) as client:

        @settings(
            max_examples=REQUESTS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.integers(0, 9).flatmap(
                lambda at: other if at == 9 else meant["/feedback" if at > 6 else "/predict"]
            ),
            HEADERS,
        )
        def ask(operation: tuple[str, str, bytes], headers: dict[str, str]) -> None:
            method, path, body = operation
            answer = client.request(method, path, headers=headers, content=body)
            status = answer.status_code
            answered[status] = answered.get(status, 0) + 1
            assert status < 500, answer.text
            assert answer.headers["x-request-id"]
            if method == "POST":
                assert str(status) in known[path]
            if status >= 400 and method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["status"] == status

        ask()
    print(f"\n{sum(answered.values())} requests: {answered}")
    assert sum(answered.values()) >= REQUESTS
    assert answered[200] > 0.01 * REQUESTS, "some must be right, or nothing was tried"
    assert sorted(worker.pid for worker in served.workers()) == before
