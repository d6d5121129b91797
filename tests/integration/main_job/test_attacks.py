"""A served model under attack: refused in words, and the same worker goes on afterwards."""

from __future__ import annotations

import base64
import gzip
import random
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.integration.attacks import PROBLEM, Target, chunks, received, turned_away

pytestmark = pytest.mark.integration

IMAGE = base64.b64encode(bytes(784)).decode()
GOOD = orjson.dumps({"rows": [{"image": IMAGE}]})
LIMIT = 8 * 2**20


@pytest.fixture(scope="module")
def target(job, laptop) -> Iterator[Target]:
    """The session's served digits; its processes are the same ones afterwards."""
    url = job.json["url"]
    (before,) = laptop.kaizen("status", "--json").json["services"]
    yield Target(url)
    (after,) = laptop.kaizen("status", "--json").json["services"]
    assert (after["pids"], after["ready"]) == (before["pids"], True)


@pytest.fixture(autouse=True)
def _still_answers(target: Target) -> Iterator[None]:
    yield
    assert target.post(GOOD).status_code == 200


def rows(image: bytes) -> bytes:
    return b'{"rows":[{"image":' + image + b"}]}"


BAD: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"<xml/>",
    "half of JSON": GOOD[:-2],
    "two documents": GOOD + GOOD,
    "nested arrays": b"[" * 100_000,
    "nested and closed": b'{"rows":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "nested image": rows(b"[" * 3000 + b"]" * 3000),
    "nested objects": b'{"rows":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
    "a huge number": rows(b"[" + b"9" * 4300 + b"]"),
    "a number too long for any parser": rows(b"[" + b"9" * 1_000_000 + b"]"),
    "a huge exponent": rows(b"[1e999999999]"),
    "2 ** 64": rows(b"[" + b",".join([b"18446744073709551616"] * 784) + b"]"),
    "NaN": rows(b"[" + b",".join([b"NaN"] * 784) + b"]"),
    "Infinity": rows(b"[-Infinity]"),
    "true": rows(b"true"),
    "null": rows(b"null"),
    "an object": rows(b'{"$ref":"http://127.0.0.1:1/"}'),
    "an address": rows(b'"http://127.0.0.1:1/image.png"'),
    "a file": rows(b'"file:///etc/passwd"'),
    "invalid UTF-8": rows(b'"\xff\xfe\x80"'),
    "a lone surrogate": rows(rb'"\ud800"'),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "a zero byte": GOOD + b"\x00",
    "a key twice": rows(b'"' + IMAGE.encode() + b'","image":"' + IMAGE.encode() + b'"'),
    "rows twice": GOOD[:-1] + b"," + GOOD[1:],
    "__proto__": GOOD[:-1] + b',"__proto__":{"a":1}}',
    "a million unknown keys": b"{" + b",".join(b'"%x":0' % at for at in range(800_000)) + b"}",
    "a million rows": b'{"rows":[' + b"1," * 1_000_000 + b"1]}",
    "a million dimensions": b'{"array":{"data":"","shape":[' + b"0.5," * 1_000_000 + b"1]}}",
    "a shape that overflows": b'{"array":{"data":"AAAA","shape":[9223372036854775807,2,2]}}',
    "a pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_bodies(target: Target, name: str) -> None:
    began = time.monotonic()
    assert len(turned_away(target.post(BAD[name]))) < 300
    assert time.monotonic() - began < 8


def test_bad_feedback_labels_nothing(target: Target, laptop) -> None:
    def told(event: bytes, label: bytes = b"7") -> bytes:
        return b'{"event":' + event + b',"label":' + label + b"}"

    event = b'"%s"' % target.post(GOOD).json()["predictions"][0]["id"].encode()
    bad = {name: body for name, body in BAD.items() if not name.startswith("a million")}
    strange = {
        "another's folder": told(b'"../../../../etc/passwd-0"'),
        "half an id": told(event[:20] + b'"'),
        "an id in upper case": told(event.upper()),
        "a line break": told(event[:-1] + rb'\n"'),
        "a zero": told(event[:-1] + rb'\u0000"'),
        "a huge id": told(b'"' + b"a" * 10_000 + b'-0"'),
        "a huge row": told(b'"' + b"a" * 32 + b"-" + b"9" * 5000 + b'"'),
        "a list of ids": told(b"[" + event + b"]"),
        "no digit": told(event, b"10"),
        "a text": told(event, b'"7"'),
        "a fraction": told(event, b"7.5"),
        "a huge label": told(event, b"9" * 4000),
        "a larger one": told(event, b'"' + b"9" * 20_000 + b'"'),
        "the largest": told(event, b'"' + b"9" * LIMIT + b'"'),
        "NaN": told(event, b"NaN"),
        "nothing": told(event, b"null"),
        "nested": told(event, b"[" * 5000 + b"]" * 5000),
        "twice": told(event, b'7,"label":8'),
        "another's name": told(event, b'7,"by":"admin"'),
        "both": told(event, b'7,"agree":true'),
        "disagreement": b'{"event":' + event + b',"agree":false}',
    }
    for name, body in {**bad, **strange}.items():
        answer = target.post(body, "feedback")
        assert len(turned_away(answer)) < 300, name
    told_so = target.post(told(event), "feedback", content_encoding="gzip")
    assert (told_so.status_code, turned_away(told_so)[:10]) == (415, "compressed")
    assert httpx.get(f"{target.url}/feedback").headers["allow"] == "POST"

    assert target.post(told(event), "feedback").status_code == 200
    assert target.post(told(event), "feedback").status_code == 200
    (found,) = laptop.kaizen("events", target.name, "--labelled", "--json").json["events"]
    assert (found["id"], found["label"]["value"]) == (event.decode().strip('"'), 7)
    known = laptop.kaizen("label", target.name, found["id"], "7", "--json").json
    assert (known["known"], known["stored"], known["unknown_event"]) == (1, 0, 0)


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_a_body_too_large_by_its_length(target: Target, size: int) -> None:
    answer = target.post(b" " * size)
    assert answer.status_code == 413
    turned_away(answer)


def test_a_body_that_only_says_it_is_too_large_is_answered_at_once(target: Target) -> None:
    began = time.monotonic()
    head = target.head("content-type: application/json", f"content-length: {LIMIT + 1}")
    assert target.raw(head).startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - began < 5


def test_a_chunked_body_without_an_end(target: Target) -> None:
    head = target.head("content-type: application/json", "transfer-encoding: chunked")
    endless = chunks(b" " * 65536 for _ in range(4 * LIMIT // 65536))
    answer = target.raw(head, *endless)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_compression_bombs(target: Target, coding: str) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = target.post(bomb, content_encoding=coding)
    assert answer.status_code == 415
    turned_away(answer)


@pytest.mark.parametrize("kind", [
    "image/png", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
    "application/vnd.bentoml+pickle", "application/json\x0b", "a" * 2000,
])  # fmt: skip
def test_other_content(target: Target, kind: str) -> None:
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\x06\0\0\0"
    with socket.create_connection(target.address, 10) as connection:
        head = target.head(f"content-type: {kind}", f"content-length: {len(bomb)}")
        connection.sendall(head + bomb)
        assert received(connection).startswith((b"HTTP/1.1 415 ", b"HTTP/1.1 400 "))


@pytest.mark.slow
def test_a_slow_body_is_given_up(target: Target) -> None:
    """Bytes that trickle in, from many at once; others are answered meanwhile."""
    head = target.head("content-type: application/json", "content-length: 1000")
    crowd = [socket.create_connection(target.address, 30) for _ in range(70)]
    for connection in crowd:
        connection.sendall(head)
    began = time.monotonic()
    ended: dict[socket.socket, bytes] = {}
    while time.monotonic() - began < 14:
        for connection in crowd:
            if connection not in ended:
                try:
                    connection.sendall(b" ")
                except OSError:
                    ended[connection] = b""
        assert target.post(GOOD).status_code == 200
        time.sleep(0.5)
    answers = [received(connection) for connection in crowd]
    assert {answer[:13] for answer in answers} <= {b"", b"HTTP/1.1 408 "}
    assert any(answers)
    for connection in crowd:
        connection.close()


@pytest.mark.parametrize("head", [
    [f"x-{at}: {at}" for at in range(5000)], ["x: " + "y" * 900_000], ["x" * 100_000 + ": y"],
    ["cookie: " + "a=b; " * 20_000],
])  # fmt: skip
def test_floods_of_headers(target: Target, head: list[str]) -> None:
    answer = target.raw(target.head(*head, method="GET", path="/livez"))
    assert answer == b"" or answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")), answer[:200]


@pytest.mark.parametrize("lines", [
    ["content-length: 5", "content-length: 6"], ["content-length: -1"], ["content-length: 9" * 99],
    ["transfer-encoding: chunked, identity"], ["content-length: 3", "transfer-encoding: bad"],
    [": no name"], ["x y: z"], ["x: a\0b"], ["host: y"],
])  # fmt: skip
def test_heads_that_are_no_http(target: Target, lines: list[str]) -> None:
    answer = target.raw(target.head("content-type: application/json", *lines), b"{}")
    # 501 is the router's HTTP parser, for a transfer coding nobody implements.
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501 ")), answer[:200]


@pytest.mark.parametrize("path", [
    "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/state.db", "/docs/../../../x",
    "/predict/../secret", "/predict%00", "/predict;x=1", "/caddy.json", "/..\\..\\x", "/predict/",
    "/admin.sock", "/{env.HOME}", "/{http.request.header.x}", "/" + "a" * 8000, "/\xe9",
])  # fmt: skip
def test_paths_that_lead_nowhere(target: Target, path: str) -> None:
    answer = target.raw(target.head(method="GET", path=path))
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ")), answer[:200]
    assert b"root:" not in answer


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_wrong_methods(target: Target, method: str) -> None:
    answer = httpx.request(method, f"{target.url}/predict")
    assert answer.status_code == 405
    turned_away(answer)
    assert answer.headers["allow"] == "POST"


def test_a_method_nobody_knows_is_answered_by_the_router(target: Target) -> None:
    for path in ("predict", "livez"):
        answer = httpx.request("BREW", f"{target.url}/{path}")
        assert answer.status_code == 405
        turned_away(answer)


def test_200_unknown_paths_are_answered_by_the_router_and_add_no_series(target: Target) -> None:
    turned_away(httpx.get(f"{target.url}/nowhere"))
    target.series()  # asking for them counts too
    before = target.series()
    chance = random.Random(7)
    with httpx.Client() as client:
        for _ in range(200):
            path = "".join(chance.choices("abcpredict/.~-_", k=chance.randint(1, 30)))
            where = chance.choice([target.root, target.url])
            answer = client.request(chance.choice(["GET", "POST"]), f"{where}/x{path}")
            assert answer.status_code == 404
            assert answer.headers["content-type"] == PROBLEM
    assert target.series() == before


def test_a_client_cannot_pass_for_kaizen(target: Target, laptop) -> None:
    def counted() -> int:
        return laptop.kaizen("events", target.name, "--json", "-n", "1").json["count"]

    before = counted()
    for value in ("1", "", "x" * 43):
        assert target.post(GOOD, x_kaizen_probe=value).status_code == 200
    assert counted() == before + 3


def test_the_router_takes_over_a_callers_id_only_where_it_is_one(target: Target) -> None:
    ids: dict[str, bool] = {
        "job-7.a_B": True, 'a","x":"b': False, "a" * 65: False, "": False, "{env.HOME}": False,
    }  # fmt: skip
    for ask in (f"{target.root}/nowhere", f"{target.url}/predict"):
        for sent, kept in ids.items():
            answer = httpx.get(ask, headers={"x-request-id": sent})
            turned_away(answer)
            problem: dict[str, Any] = answer.json()
            assert (problem["request_id"] == sent) == kept, sent
            assert problem["instance"].endswith(problem["request_id"])
    two = [("x-request-id", "sane"), ("x-request-id", 'no","no":"')]
    assert httpx.get(f"{target.root}/nowhere", headers=two).json()["request_id"] == "sane"


def test_keys_in_a_home_do_not_need_to_be_sent_on_this_machine(target: Target) -> None:
    assert target.post(GOOD, x_api_key="kz_wrong_key").status_code == 200
