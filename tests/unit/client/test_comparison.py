from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import numpy as np
import pytest

from kaizen.client.comparison import ARRAY, FILE, ROWS, Answer, Question, body, compare
from kaizen.core.errors import KaizenError


class Doubling:
    """Doubles x; refuses a negative one, as a service does: the whole request."""

    def __init__(self) -> None:
        self.requests: list[int] = []

    def __call__(self, content_type: str, content: bytes) -> Answer:
        if content_type == "text/plain":
            words = [{"w": word} for word in content.decode().split()]
            return Answer(200, {"model_version": "2", "predictions": words}, 2.0)
        rows = json.loads(content)["rows"]
        self.requests.append(len(rows))
        if any(row["x"] < 0 for row in rows):
            return Answer(400, {"detail": "x is negative"}, 1.0)
        found = [{"id": "new", "y": row["x"] * 2.0, "confidence": 0.25} for row in rows]
        return Answer(200, {"model_version": "2", "predictions": found}, 1.0)


def question(at: int, x: float, due: float, **over: Any) -> Question:
    return Question(f"q{at}", ROWS, {"x": x}, ({"y": due, "confidence": 0.5, **over},))


def test_other_answers_are_listed_with_what_was_and_what_is() -> None:
    found = compare(
        [question(0, 1.0, 2.0), question(1, 2.0, 5.0)], Doubling(), ignore=["confidence"]
    )
    assert (found.asked, found.same, found.share, found.versions) == (2, 1, 0.5, ("2",))
    (other,) = found.differing
    assert other.id == "q1"
    assert other.was == {"y": 5.0, "confidence": 0.5}
    assert other.now == {"y": 4.0, "confidence": 0.25}


def test_the_tolerance_is_for_numbers() -> None:
    near = [question(0, 1.0, 2.5)]
    assert compare(near, Doubling(), tolerance=0.5).share == 0
    assert compare(near, Doubling(), tolerance=0.4).share == 1


def test_a_field_is_compared_unless_it_is_left_out() -> None:
    sure = [question(0, 1.0, 2.0)]
    assert compare(sure, Doubling()).share == 1
    assert compare(sure, Doubling(), ignore=["confidence"]).share == 0


@pytest.mark.parametrize("at_once", [1, 2, 10])
def test_a_refusal_is_of_its_row_alone(at_once: int) -> None:
    asked = [question(at, float(x), x * 2.0, confidence=0.25) for at, x in enumerate([1, 2, -1, 4])]
    service = Doubling()
    found = compare(asked, service, at_once=at_once)
    assert [(each.id, each.status, each.reason) for each in found.refused] == [
        ("q2", 400, "x is negative")
    ]
    assert (found.asked, found.same, found.share) == (4, 3, 0.25)
    assert max(service.requests) == min(at_once, 4)


def test_a_file_is_one_request_with_any_number_of_answers() -> None:
    def asked(*due: str) -> Question:
        return Question("f", FILE, b"a b", tuple({"w": w} for w in due), content_type="text/plain")

    assert compare([asked("a", "b")], Doubling(), at_once=8).share == 0
    missing = compare([asked("a", "b", "c")], Doubling())
    assert [(each.id, each.was, each.now) for each in missing.differing] == [
        ("f#2", {"w": "c"}, None)
    ]
    assert (missing.asked, missing.same) == (3, 2)
    more = compare([asked("a")], Doubling())
    assert [(each.was, each.now) for each in more.differing] == [(None, {"w": "b"})]
    assert more.share == 1


def test_rows_in_base64_go_in_one_array() -> None:
    rows = np.arange(6, dtype="<f8").reshape(2, 3)
    asked = [
        Question(str(at), ARRAY, b64encode(row.tobytes()).decode(), ({},), (3,))
        for at, row in enumerate(rows)
    ]
    content_type, content = body(asked)
    sent = json.loads(content)["array"]
    assert content_type == "application/json"
    assert sent == {"data": b64encode(rows.tobytes()).decode(), "shape": [2, 3]}


def test_nothing_is_nothing() -> None:
    found = compare([], Doubling())
    assert (found.asked, found.share, found.ms_median, found.versions) == (0, 0.0, None, ())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(200, {"model_version": "2", "predictions": []}, 1.0), "q0: 0 answers to 1 rows"),
        (Answer(200, ["what"], 1.0), "q0: the answer is none of kaizen's"),
    ],
)
def test_an_answer_of_another_form_is_named(answer: Answer, message: str) -> None:
    with pytest.raises(KaizenError, match=message):
        compare([question(0, 1.0, 2.0)], lambda *_: answer)


def test_a_service_that_is_gone_is_named_with_the_question() -> None:
    def gone(*_: object) -> Answer:
        raise KaizenError("nothing listens there")

    with pytest.raises(KaizenError, match="q0 to q1: nothing listens there"):
        compare([question(0, 1.0, 2.0), question(1, 1.0, 2.0)], gone, at_once=2)
