"""What a customer of the shop is, to a client and to the model: a row of the table, as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from kaizen.core.usecase import Array, ArraySpec, Inputs, Outputs
from kaizen.inference import columns as read

if TYPE_CHECKING:
    from kaizen.core.usecase import Columns

AGE, INCOME, SCORE = "Age", "Annual Income (k$)", "Spending Score (1-100)"
NUMBERS = (AGE, INCOME, SCORE)
"""In the order of the model's input."""

# Made, not written: the table's own column names are no names of Python's.
Request = create_model(
    "Request",
    __config__=ConfigDict(extra="forbid", allow_inf_nan=False, strict=True),
    __doc__="One customer. Number and gender may be sent along; they decide nothing.",
    **{
        "CustomerID": (int | float | None, Field(None, description="ignored")),
        "Gender": (Literal["Female", "Male"] | None, Field(None, description="ignored")),
        AGE: (float, Field(ge=10, le=120, description="years")),
        INCOME: (float, Field(ge=0, le=10_000, description="thousands of dollars a year")),
        SCORE: (float, Field(ge=1, le=100, description="the shop's own score")),
    },
)  # type: ignore[call-overload]


class Response(BaseModel):
    """The segment a customer belongs to.

    Attributes:
        segment: its number, from 1; they are sorted by income, then spending, then age.
        name: the segment in words.
        distance: to the middle of the segment, in the model's scale: 1 is about one standard
            deviation of a column.
    """

    segment: int = Field(ge=1)
    name: str
    distance: float = Field(ge=0)


class CustomerFeatures:
    """The ``features`` side of the use case.

    ONNX input ``numbers``: float64 (n, 3). ONNX outputs ``segment`` int64 (n,) from 1, ``name``
    text (n,), and ``distances`` float64 (n, k) to the middle of each segment.
    """

    name = "customers"
    label = "segment"
    answers: Sequence[str] = ("segment", "distance")
    Request: type[BaseModel] = Request
    Response: type[BaseModel] = Response
    array: ArraySpec | None = ArraySpec("float64", (len(NUMBERS),))
    examples: Sequence[dict[str, Any]] = ({"Gender": "Female", AGE: 31, INCOME: 87, SCORE: 80},)

    def decode(self, columns: Columns) -> Inputs:
        """The three columns that count, in any order; others are not looked at."""
        return {"numbers": read.numbers(NUMBERS, columns)}

    def unpack(self, rows: Array) -> Mapping[str, Any]:
        return {name: rows[:, at] for at, name in enumerate(NUMBERS)}

    def request(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: float(row[name]) for name in NUMBERS}

    def observe(self, inputs: Inputs, outputs: Outputs) -> dict[str, Array]:
        """The three columns, ``segment``, and ``distance`` to its middle."""
        seen = dict(self.unpack(inputs["numbers"]))
        nearest = outputs["distances"].min(axis=1)
        return {**seen, "segment": self.answer(outputs), "distance": nearest}

    def answer(self, outputs: Outputs) -> Array:
        return outputs["segment"]

    def probabilities(self, outputs: Outputs) -> Array | None:  # noqa: ARG002  it states none
        return None

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        return [
            Response(segment=segment, name=name, distance=distance)
            for segment, name, distance in zip(
                outputs["segment"].tolist(),
                outputs["name"].tolist(),
                outputs["distances"].min(axis=1).tolist(),
                strict=True,
            )
        ]


features = CustomerFeatures()
