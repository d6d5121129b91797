from __future__ import annotations

import time

import orjson
import pytest

from kaizen.core.usecase import InvalidInput
from kaizen.inference.parser import JSON, Parser
from kaizen.inference.refusal import KINDS, Refusal, pointer
from usecases.diabetes.features import COLUMNS, features
from usecases.digits.features import features as digits

MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}
ROW = dict.fromkeys(COLUMNS, 0.5)


def refusal(content: bytes, parser: Parser | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        (parser or Parser(features, 4))(JSON, content)
    return caught.value


@pytest.mark.parametrize("status", KINDS)
def test_every_refusal_is_a_problem_document(status: int) -> None:
    problem = orjson.loads(Refusal(status, "body", "why").body("r-1"))
    assert set(problem) == MEMBERS | ({"errors"} if status == 400 else set())
    assert (problem["status"], problem["detail"], problem["request_id"]) == (status, "why", "r-1")
    assert problem["type"] == "about:blank" or problem["type"].startswith("/problems/")
    assert problem["title"]


def test_each_fault_is_pointed_to() -> None:
    found = refusal(orjson.dumps({"rows": [ROW, {**ROW, "bmi": "x", "a/b~c": 1}], "z": 0}))
    assert [fault.path for fault in found.faults] == ["/rows/1/bmi", "/rows/1/a~1b~0c", "/z"]
    problem = orjson.loads(found.body("r"))
    assert problem["errors"][0] == {"path": "/rows/1/bmi", "detail": problem["detail"]}


def test_pointers_of_whole_bodies_and_arrays() -> None:
    assert [fault.path for fault in refusal(b"[").faults] == [""]
    shape = b'{"array":{"data":"' + b"A" * 107 + b'=","shape":[2]}}'
    assert [fault.path for fault in refusal(shape).faults] == ["/array/shape"]
    error = InvalidInput("bmi", "is bad", 3)
    assert Refusal.of_input(error).faults[0].path == "/rows/3/bmi"
    assert Refusal.of_input(error, named=False).faults[0].path == "/rows/3"
    assert Refusal.of_input(error, "/array/data").faults[0].path == "/array/data"
    assert Refusal.of_input(error, "").faults[0].path == ""


def test_a_pointer_is_short() -> None:
    assert len(pointer("x" * 1000)) < 50


def test_millions_of_faults_are_not_looked_at() -> None:
    few, many = (b",".join(b'"%x":0' % at for at in range(n)) for n in (1_020, 1_000_000))
    found = refusal(b'{"rows":[{' + few + b"}]}")
    assert (found.status, len(found.faults)) == (400, 1)
    assert "1030 things are wrong" in found.reason
    # Seconds of CPU on a quiet machine: 0.01 and 0.7; looked at, they are 8 and 4 or more.
    began = time.process_time()
    assert refusal(b'{"rows":[{' + many + b"}]}").status == 413
    assert time.process_time() - began < 1.0
    began = time.process_time()
    assert refusal(b'{"array":{"data":"","shape":[' + b"0.5," * 10**6 + b"1]}}").status == 400
    assert refusal(b'{"rows":[' + b"1," * 10**6 + b"1]}").status == 400
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize(("digits_sent", "path"), [(4300, "/rows/0/image"), (5000, "")])
def test_a_number_of_too_many_digits_to_print(digits_sent: int, path: str) -> None:
    content = b'{"rows":[{"image":[' + b"9" * digits_sent + b"]}]}"
    found = refusal(content, Parser(digits, 4))
    assert (found.status, found.faults[0].path) == (400, path)
