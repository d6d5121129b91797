"""Made-up requests: none may end in a 5xx, and each answer is as the service documents it.

Schemathesis makes them from the service's own OpenAPI document: 200 in ``make test``, 5,000 in
``make faults``. What no document leads to (bytes, halves of bodies, odd heads) is made up here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kaizen.server.metrics import ENDPOINTS
from tests.integration.linear import linear_release
from tests.integration.served import Server, start, stop

pytestmark = [pytest.mark.integration, pytest.mark.faults]

FAULTS = int(os.environ.get("FAULTS", "20"))
REQUESTS = 25 * FAULTS
DOCUMENTED = FAULTS**2 // 2
"""Made by schemathesis, 40 ms each: the square of FAULTS keeps ``make test`` quick."""
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


def bodies(examples: list[bytes]) -> st.SearchStrategy[bytes]:
    right = st.sampled_from(examples)
    names = st.sampled_from(["rows", "array", "event", "label", "agree"])
    written = st.dictionaries(names, ANYTHING) | ANYTHING
    whole = right | written.map(_dump)
    cut = st.tuples(whole, st.integers(0, 60)).map(lambda both: both[0][: -both[1] or None])
    return whole | cut | st.binary(max_size=200) | st.binary(min_size=80, max_size=80)


def _examples(post: dict[str, Any]) -> list[bytes]:
    examples = post["requestBody"]["content"]["application/json"]["examples"]
    return [_dump(each["value"]) for each in examples.values()]


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


def test_schemathesis_finds_nothing(served: Server, tmp_path: Path, counts) -> None:  # type: ignore[no-untyped-def]
    report = tmp_path / "report.json"
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", f"{served.url}/openapi.json",
            "--max-examples", str(DOCUMENTED), "--seed", "1", "--generation-database", "none",
            "--phases", "examples,coverage,fuzzing", "--continue-on-failure",
            # No schema says that bytes and shape must fit each other.
            "--exclude-checks", "positive_data_acceptance",
            "--report", "json", "--report-json-path", report, "--no-color",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = orjson.loads(report.read_bytes())
    asked = said["test_cases"]["generated"]
    counts(requests=asked)
    assert said["complete"]
    assert asked >= DOCUMENTED
    assert said["operations"]["tested"] == said["operations"]["total"] == len(ENDPOINTS)
    for path in ("/predict", "/feedback"):
        rates = said["valid_rates"][f"POST {path}"]
        assert all(rates[phase]["accepted"] for phase in ("examples", "coverage", "fuzzing"))


def test_no_request_ends_in_a_fault_of_the_service(
    served: Server,
    counts,  # type: ignore[no-untyped-def]
) -> None:
    document = httpx.get(f"{served.url}/openapi.json").json()
    posts = {
        path: methods["post"] for path, methods in document["paths"].items() if "post" in methods
    }
    assert set(posts) == {"/predict", "/feedback"}
    meant = {
        path: st.tuples(st.just("POST"), st.just(path), bodies(_examples(post)))
        for path, post in posts.items()
    }
    right = bodies(_examples(posts["/predict"]))
    other = st.tuples(OTHER, st.sampled_from([*document["paths"]]), right)
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
                assert str(status) in posts[path]["responses"]
            if status >= 400 and method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["status"] == status

        ask()
    counts(requests=sum(answered.values()))
    assert sum(answered.values()) >= REQUESTS
    assert answered[200] > 0.01 * REQUESTS, "some must be right, or nothing was tried"
    assert sorted(worker.pid for worker in served.workers()) == before
