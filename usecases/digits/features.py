"""What a digit is, to a client and to the model: 28 × 28 pixels, 0 paper, 255 ink."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from kaizen.core.usecase import Array, ArraySpec, Inputs, InvalidInput, Outputs

if TYPE_CHECKING:
    from kaizen.core.usecase import Columns

SIDE = 28
PIXELS = SIDE * SIDE
FORMS = "expected base64 of 784 bytes, 784 numbers, or 28 rows of 28"


def pixels(value: Any) -> bytes:
    """One image in any accepted form as its 784 bytes, row by row from the top left.

    Raises:
        ValueError: it is no such image; the message says why, shortly.
    """
    if isinstance(value, bytes):
        content = value
    elif isinstance(value, str):
        content = _from_base64(value)
    elif isinstance(value, list):
        content = _from_list(value)
    elif isinstance(value, np.ndarray):
        content = _from_array(value)
    elif value is None or (isinstance(value, float) and isnan(value)):  # as DataFrames do
        raise ValueError(f"is missing: {FORMS}")
    else:
        raise ValueError(f"{FORMS}, found {type(value).__name__}")
    if len(content) != PIXELS:
        raise ValueError(f"expected 784 pixels, found {len(content)}")
    return content


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # binascii.Error is one; so is text that is not ASCII
        raise ValueError("is not base64 (standard alphabet, padded, no line breaks)") from None


def _from_list(values: list[Any]) -> bytes:
    if values and isinstance(values[0], list):
        if len(values) != SIDE or any(not isinstance(v, list) or len(v) != SIDE for v in values):
            raise ValueError("expected 28 rows of 28 numbers")
        values = [pixel for row in values for pixel in row]
    if set(map(type, values)) <= {int}:
        try:
            return bytes(values)
        except ValueError:
            pass
    for at, pixel in enumerate(values):
        if type(pixel) is not int or not 0 <= pixel <= 255:
            raise ValueError(
                f"pixel {at} is {str(pixel)[:20]}: expected a whole number from 0 to 255"
            )
    raise AssertionError("unreachable: every pixel is a byte")


def _from_array(values: NDArray[Any]) -> bytes:
    if values.dtype.kind not in "iu":
        raise ValueError(f"expected whole numbers from 0 to 255, found {values.dtype}")
    if values.size and not 0 <= values.min() <= values.max() <= 255:
        raise ValueError(
            f"expected whole numbers from 0 to 255, found {values.min()} to {values.max()}"
        )
    return values.astype(np.uint8).tobytes()


def _validated(value: Any) -> bytes:
    try:
        return pixels(value)
    except ValueError as error:
        raise PydanticCustomError("image", "{reason}", {"reason": str(error)}) from None


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


_PIXEL = {"type": "integer", "minimum": 0, "maximum": 255}
_ROW = {"type": "array", "items": _PIXEL, "minItems": SIDE, "maxItems": SIDE}
_SCHEMA = {
    "description": "28 x 28 pixels, 0 paper to 255 ink, row by row from the top left",
    "anyOf": [
        {"type": "string", "contentEncoding": "base64", "minLength": 1048, "maxLength": 1048},
        {"type": "array", "items": _PIXEL, "minItems": PIXELS, "maxItems": PIXELS},
        {"type": "array", "items": _ROW, "minItems": SIDE, "maxItems": SIDE},
    ],
}


class Request(BaseModel):
    """One digit."""

    model_config = ConfigDict(extra="forbid")

    image: Annotated[
        bytes,
        PlainValidator(_validated),
        PlainSerializer(_base64, return_type=str, when_used="json"),
        WithJsonSchema(_SCHEMA),
    ]


class Response(BaseModel):
    """Which digit it is, and the model's probability that it is."""

    digit: int = Field(ge=0, le=9)
    confidence: float = Field(ge=0, le=1)


class DigitFeatures:
    """The ``features`` side of the use case.

    ONNX input ``image``: uint8 (n, 28, 28, 1); the model itself divides by 255.
    ONNX outputs ``probabilities`` (n, 10) and ``embedding`` (n, d), float32.
    """

    name = "digits"
    Request: type[BaseModel] = Request
    Response: type[BaseModel] = Response
    label = "digit"
    answers: Sequence[str] = ("digit", "confidence")
    array: ArraySpec | None = ArraySpec("uint8", (SIDE, SIDE))
    examples: Sequence[dict[str, Any]]

    def __init__(self, examples: Sequence[str]) -> None:
        self.examples = [
            {"image": _base64(zlib.decompress(base64.b64decode(text)))} for text in examples
        ]

    def decode(self, columns: Columns) -> Inputs:
        """Column ``image``, each value in any form a Request takes, or an array of all rows."""
        try:
            values = columns["image"]
        except KeyError:
            raise InvalidInput("image", f"is missing: {FORMS}") from None
        if isinstance(values, np.ndarray) and values.dtype == np.uint8 and values.ndim > 1:
            if values.size != len(values) * PIXELS:
                found = values.size // max(len(values), 1)
                raise InvalidInput("image", f"expected 784 pixels, found {found}")
            return {"image": values.reshape(len(values), SIDE, SIDE, 1)}
        images = []
        for row, value in enumerate(values):
            try:
                images.append(pixels(value))
            except ValueError as error:
                raise InvalidInput("image", str(error), row) from None
        flat = np.frombuffer(b"".join(images), np.uint8)
        return {"image": flat.reshape(len(images), SIDE, SIDE, 1)}

    def unpack(self, rows: Array) -> Mapping[str, Any]:
        return {"image": rows}

    def request(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {"image": _base64(pixels(row["image"]))}

    def observe(self, inputs: Inputs, outputs: Outputs) -> dict[str, Array]:
        """``digit``, ``confidence``, ``ink`` (mean pixel, 0 to 1) and ``embedding``."""
        image = inputs["image"]
        return {
            "digit": self.answer(outputs),
            "confidence": outputs["probabilities"].max(axis=1),
            "ink": image.reshape(len(image), PIXELS).mean(axis=1) / 255,
            "embedding": outputs["embedding"],
        }

    def answer(self, outputs: Outputs) -> Array:
        return outputs["probabilities"].argmax(axis=1)

    def probabilities(self, outputs: Outputs) -> Array | None:
        return outputs["probabilities"]

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        probabilities = outputs["probabilities"]
        return [
            Response(digit=digit, confidence=confidence)
            for digit, confidence in zip(
                probabilities.argmax(axis=1).tolist(),
                np.minimum(probabilities.max(axis=1), 1.0).tolist(),
                strict=True,
            )
        ]


# A seven and a three of the training part: zlib, then base64, of their 784 bytes.
features = DigitFeatures(
    examples=[
        (
            "eNpjYBhKoOLn035tJQiQQpPb8gcC/gLxmw06KHKCqTNnfoHK/fnzWB3dXPvKysrnJyv3/vnziQWH1XP+/FmJ"
            "Q8r/158/sdilmGf9+XOWG7tc658/n3WxS+kc//NnMQ7b3v/585IHqwz3xv9//87Crisb6PdZzFilAj/++TuL"
            "A6uUwLk/fx6pYjfxIDAk1bHKiNT/+POnAbsuW6CurdjdwXcLKDcHu7ZMoFSXIHY56Wt/JvFSK4UBAL0/YYQ="
        ),
        (
            "eNrN0tEJwEAMAlBHczQ3czQb+u+VBgq938fFJAT440tiFtNgGt5akYmwwqVNN6/jqKnoFkW7ZfFhL8YBtTEs"
            "/7mvBacZrM8v7wIcRjzP"
        ),
    ]
)
