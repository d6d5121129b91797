"""What a picture is, to a client and to the model: 32 × 32 pixels, or a file they come from."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from kaizen.core.usecase import Array, ArraySpec, Inputs, InvalidInput, Outputs, ReadFile
from usecases.documents.pictures import SIDE
from usecases.documents.upload import MEDIA

if TYPE_CHECKING:
    from kaizen.core.usecase import Columns

COMPANIONS = ("drawings", "extract", "pictures", "upload")
"""Modules beside this one that travel with it into the service."""
CLASSES = ("cat", "dog", "other")
PIXELS = SIDE * SIDE
_FORM = f"expected base64 of {PIXELS} bytes"


def _pixels(value: Any) -> bytes:
    try:
        content = binascii.a2b_base64(value, strict_mode=True) if isinstance(value, str) else value
    except ValueError:
        content = None
    if not isinstance(content, bytes) or len(content) != PIXELS:
        raise PydanticCustomError("image", "{reason}", {"reason": _FORM})
    return content


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


_LENGTH = 4 * -(-PIXELS // 3)
_SCHEMA = {
    "type": "string",
    "contentEncoding": "base64",
    "minLength": _LENGTH,
    "maxLength": _LENGTH,
}


class Request(BaseModel):
    """One picture, prepared: 32 × 32 pixels, 0 paper to 255 ink, from the top left, in base64."""

    model_config = ConfigDict(extra="forbid")

    image: Annotated[
        bytes,
        PlainValidator(_pixels),
        PlainSerializer(_base64, return_type=str, when_used="json"),
        WithJsonSchema(_SCHEMA),
    ]


class Response(BaseModel):
    """What is in the picture, and the model's probability that it is; of a file, which picture."""

    label: Literal["cat", "dog", "other"]
    confidence: float = Field(ge=0, le=1)
    name: str | None = Field(None, description="FILE_pageP_indexI.png, where a file was sent")
    page: int | None = Field(None, description="from 1, where a file was sent")
    index: int | None = Field(None, description="on its page, from 1, where a file was sent")


class DocumentFeatures:
    """The ``features`` side of the use case.

    ONNX input ``image``: uint8 (n, 32, 32, 1); the model itself divides by 255.
    ONNX outputs ``probabilities`` (n, 3) and ``embedding`` (n, d), float32.
    """

    name = "documents"
    label = "label"
    answers: Sequence[str] = ("label", "confidence")
    Request: type[BaseModel] = Request
    Response: type[BaseModel] = Response
    array: ArraySpec | None = ArraySpec("uint8", (SIDE, SIDE))
    media: Mapping[str, ReadFile] = MEDIA
    examples: Sequence[dict[str, Any]]

    def __init__(self, examples: Sequence[str]) -> None:
        self.examples = [
            {"image": _base64(zlib.decompress(base64.b64decode(text)))} for text in examples
        ]

    def decode(self, columns: Columns) -> Inputs:
        """Column ``image``: 1024 bytes each, or an array of all rows."""
        if "image" not in columns:
            raise InvalidInput("image", f"is missing: {_FORM}")
        values = columns["image"]
        if not isinstance(values, np.ndarray) or values.dtype == object:
            for row, value in enumerate(values):
                if not isinstance(value, bytes) or len(value) != PIXELS:
                    found = len(value) if isinstance(value, bytes) else type(value).__name__
                    raise InvalidInput("image", f"{_FORM}, found {found}", row)
            values = np.frombuffer(b"".join(values), np.uint8)
        elif values.dtype != np.uint8 or values.size != len(values) * PIXELS:
            raise InvalidInput("image", f"{_FORM}, found {values.dtype} {values.shape}")
        return {"image": values.reshape(-1, SIDE, SIDE, 1)}

    def unpack(self, rows: Array) -> Mapping[str, Any]:
        return {"image": rows}

    def request(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {"image": _base64(row["image"])}

    def observe(self, inputs: Inputs, outputs: Outputs) -> dict[str, Array]:
        """``label``, ``confidence``, ``ink`` (mean pixel, 0 to 1) and ``embedding``."""
        image = inputs["image"]
        return {
            "label": self.answer(outputs),
            "confidence": outputs["probabilities"].max(axis=1),
            "ink": image.reshape(len(image), PIXELS).mean(axis=1) / 255,
            "embedding": outputs["embedding"],
        }

    def answer(self, outputs: Outputs) -> Array:
        return np.array(CLASSES)[outputs["probabilities"].argmax(axis=1)]

    def probabilities(self, outputs: Outputs) -> Array | None:
        return outputs["probabilities"]

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        sure = np.minimum(outputs["probabilities"].max(axis=1), 1.0)
        return [
            Response(label=label, confidence=confidence)
            for label, confidence in zip(self.answer(outputs).tolist(), sure.tolist(), strict=True)
        ]


# A cat and a dog among the silhouettes: zlib, then base64, of their 1024 bytes.
features = DocumentFeatures(
    examples=[
        (
            "eNpjYBgFVAYCae+3lnds+V+JQ55Z58nb+4/f/srEZYDG4/9A8CcXm15+URG5pNcg+f+lCGFGfnFpeSVlZV3XxM"
            "Lcys1f0eSZZGo3n3/27z8qqIfKsoesf/j+++//6GCTOVh6x45L3/9jA5cnV4Dkj/z+jx18efYaJK819+Gr19jA"
            "2/fvwBZYNa1YhRWsWDqamGgNAKo6rF0="
        ),
        (
            "eNpjYKAaCAjx9tJVwyn96j8YzMIl/x8KonDIu4Flv7uvx2vAVtzuA8u/IyB/GLf8TZB8J275T2AD8nFJT4B47y"
            "Mu+QaI/EFc8jOh4YNL/hlUPpBA+N4iII/LgiUweVYCBqgSkA8nIH8CfwL6/98Xu/wxmPwl7PKLYfK/sMsvfY43"
            "BB7//3sXKt+LTf4wPACxyzP8r2Loh8h7YJO+/t+bDxqH7NjkmyboMFRMAAE56uVZBgCYJdoO"
        ),
    ]
)
