from __future__ import annotations

from base64 import b64encode

import numpy as np
import pytest

from kaizen.events import replay
from kaizen.events.schema import pack
from usecases.digits.features import features


def images(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 28, 28)).astype(np.uint8)


def test_rows_come_back_as_the_model_saw_them_whatever_form_they_were_sent_in() -> None:
    rows = images(5)
    events = []
    for at, row in enumerate(rows):
        text = b64encode(row.tobytes()).decode()
        events.append({"inputs": {"array": text} if at % 2 else {"values": {"image": text}}})
    expected = features.decode({"image": rows})["image"]
    np.testing.assert_array_equal(replay.inputs(features, events)["image"], expected)


def test_outputs_come_back() -> None:
    probabilities = np.random.default_rng(0).random((4, 10)).astype(np.float32)
    events = [{"outputs": {"p": row}} for row in pack(probabilities)]
    np.testing.assert_array_equal(replay.outputs(events)["p"], probabilities)


def test_no_events_are_no_input() -> None:
    with pytest.raises(ValueError, match="no events"):
        replay.inputs(features, [])
    with pytest.raises(ValueError, match="no events"):
        replay.outputs([])


def test_a_row_is_sent_again_as_it_came() -> None:
    array = {"array": b64encode(images(1).tobytes()).decode()}
    assert replay.as_sent(features, {"inputs": array}) == ("array", array["array"])
    values = {"image": array["array"]}
    assert replay.as_sent(features, {"inputs": {"values": values}}) == ("values", values)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"inputs": None},
        {"inputs": {}},
        {"inputs": {"values": None}},
        {"inputs": {"values": {"image": None}}},
        {"inputs": {"array": None}},
        {"inputs": {"array": "sha256:abc"}},
        {"inputs": {"array": b64encode(b"too short").decode()}},
        {"inputs": {"values": {"image": "abc"}, "redacted": ["image"]}},
    ],
)
def test_inputs_that_the_log_does_not_hold_cannot_be_sent(event: dict[str, object]) -> None:
    assert replay.as_sent(features, event) is None
