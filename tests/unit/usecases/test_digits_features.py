from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from kaizen.core.usecase import InvalidInput
from usecases.digits.features import Request, features

PIXELS = bytes(range(256)) * 3 + bytes(16)
ROWS = np.frombuffer(PIXELS, np.uint8).reshape(28, 28)
BASE64 = base64.b64encode(PIXELS).decode()


@pytest.mark.parametrize("image", [BASE64, list(PIXELS), ROWS.tolist()])
def test_every_form_means_the_same_pixels(image: Any) -> None:
    request = Request.model_validate_json(json.dumps({"image": image}))
    decoded = features.decode({"image": [request.image]})["image"]  # type: ignore[attr-defined]
    assert decoded.dtype == np.uint8
    assert decoded.shape == (1, 28, 28, 1)
    assert decoded.tobytes() == PIXELS


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("AAAA", "expected 784 pixels, found 3"),
        ("not base64!", "is not base64"),
        (BASE64[:-1] + "\n", "is not base64"),
        ([], "expected 784 pixels, found 0"),
        ([0] * 783, "expected 784 pixels, found 783"),
        ([0] * 5 + [256] + [0] * 778, "pixel 5 is 256: expected a whole number from 0 to 255"),
        ([0] * 5 + [-1] + [0] * 778, "pixel 5 is -1"),
        ([0.5] * 784, "pixel 0 is 0.5"),
        ([True] * 784, "pixel 0 is True"),
        (["7"] * 784, "pixel 0 is 7"),
        ([[0] * 28] * 27, "expected 28 rows of 28 numbers"),
        ([[0] * 28] * 27 + [[0] * 27], "expected 28 rows of 28 numbers"),
        ([[0] * 28] * 27 + [0], "expected 28 rows of 28 numbers"),
        (None, "is missing"),
        (float("nan"), "is missing"),
        (0.5, "found float"),
        (7, "found int"),
        ({"a": 1}, "found dict"),
    ],
)
def test_what_is_no_image_is_refused_shortly(image: Any, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Request.model_validate_json(json.dumps({"image": image}))
    [error] = caught.value.errors()
    assert error["loc"] == ("image",)
    assert words in error["msg"]
    assert len(error["msg"]) < 120
    with pytest.raises(InvalidInput) as refused:
        features.decode({"image": [PIXELS, image]})
    assert (refused.value.field, refused.value.row) == ("image", 1)
    assert words in refused.value.reason


def test_unknown_and_missing_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Request.model_validate({"image": BASE64, "label": 3})
    with pytest.raises(ValidationError, match="Field required"):
        Request.model_validate({})
    with pytest.raises(InvalidInput, match="is missing"):
        features.decode({})


def test_a_frame_a_bare_array_and_a_request_decode_alike() -> None:
    frame = pd.DataFrame({"image": [PIXELS, bytes(784)], "label": [1, 2]})
    expected = features.decode(frame)["image"]
    raw = np.stack([ROWS, np.zeros((28, 28), np.uint8)])
    requests = [features.request(row) for row in frame.to_dict("records")]
    assert set(requests[0]) == {"image"}
    np.testing.assert_array_equal(features.decode(features.unpack(raw))["image"], expected)
    columns = {"image": [Request.model_validate(row).image for row in requests]}  # type: ignore[attr-defined]
    np.testing.assert_array_equal(features.decode(columns)["image"], expected)


def test_bare_arrays_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(InvalidInput, match="found 27"):
        features.decode({"image": np.zeros((2, 27), np.uint8)})
    with pytest.raises(InvalidInput, match="found float64"):
        features.decode({"image": np.zeros((2, 28, 28))})
    with pytest.raises(InvalidInput, match="whole numbers from 0 to 255"):
        features.decode({"image": np.full((1, 28, 28), 300)})


def test_no_rows_are_no_rows() -> None:
    assert features.decode({"image": []})["image"].shape == (0, 28, 28, 1)


def test_the_wire_format_of_a_row() -> None:
    assert features.array is not None
    assert features.array.row_bytes == 784


def test_a_request_goes_back_to_json_and_its_schema_names_every_form() -> None:
    request = Request.model_validate({"image": list(PIXELS)})
    assert json.loads(request.model_dump_json()) == {"image": BASE64}
    schema = Request.model_json_schema()
    assert schema["additionalProperties"] is False
    assert [form["type"] for form in schema["properties"]["image"]["anyOf"]] == [
        "string", "array", "array",
    ]  # fmt: skip


def test_examples_are_real_digits() -> None:
    for example in features.examples:
        image = Request.model_validate(example).image  # type: ignore[attr-defined]
        assert 0.02 < np.frombuffer(image, np.uint8).mean() / 255 < 0.4


def test_answers_and_what_monitoring_sees() -> None:
    probabilities = np.zeros((2, 10), np.float32)
    probabilities[0, 3], probabilities[0, 4], probabilities[1, 9] = 0.75, 0.25, 1.0000001
    outputs = {"probabilities": probabilities, "embedding": np.ones((2, 5), np.float32)}
    inputs = features.decode({"image": [bytes([255]) * 392 + bytes(392), bytes(784)]})
    assert [answer.model_dump() for answer in features.respond(outputs)] == [
        {"digit": 3, "confidence": 0.75},
        {"digit": 9, "confidence": 1.0},
    ]
    seen = features.observe(inputs, outputs)
    assert seen["digit"].tolist() == features.answer(outputs).tolist() == [3, 9]
    assert seen["ink"].tolist() == [0.5, 0.0]
    assert seen["confidence"][0] == 0.75
    assert seen["embedding"].shape == (2, 5)
