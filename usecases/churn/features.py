"""What a customer of the bank is, to a client and to the model: a row of the table, as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kaizen.core.usecase import Array, ArraySpec, Inputs, InvalidInput, Outputs
from kaizen.inference import columns as read

if TYPE_CHECKING:
    from kaizen.core.usecase import Columns

NUMBERS = (
    "CreditScore", "Age", "Tenure", "Balance", "NumOfProducts", "HasCrCard", "IsActiveMember",
    "EstimatedSalary",
)  # fmt: skip
CATEGORIES = {"Geography": ("France", "Germany", "Spain"), "Gender": ("Female", "Male")}
"""Each with its known values."""


class Request(BaseModel):
    """One customer. What names a customer may be sent along; the model never sees it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)

    RowNumber: int | float | None = Field(None, description="ignored")
    CustomerId: int | float | None = Field(None, description="ignored")
    Surname: str | None = Field(None, max_length=200, description="ignored")
    CreditScore: float = Field(ge=0, le=1000)
    Geography: Literal["France", "Germany", "Spain"]
    Gender: Literal["Female", "Male"]
    Age: float = Field(ge=18, le=120, description="years")
    Tenure: float = Field(ge=0, le=100, description="years with the bank")
    Balance: float = Field(ge=0, le=1e7)
    # Counts and flags as well may come as 1.0: a table with a gap somewhere writes them so.
    NumOfProducts: float = Field(ge=1, le=10, multiple_of=1)
    HasCrCard: float = Field(ge=0, le=1, multiple_of=1, description="1: has a credit card")
    IsActiveMember: float = Field(ge=0, le=1, multiple_of=1)
    EstimatedSalary: float = Field(ge=0, le=1e7, description="a year")


class Response(BaseModel):
    """Whether the customer is expected to leave.

    Attributes:
        exited: whether leaving is the more probable.
        probability: of leaving.
        confidence: of ``exited``: the probability of what is answered.
    """

    exited: bool
    probability: float = Field(ge=0, le=1)
    confidence: float = Field(ge=0, le=1)


class ChurnFeatures:
    """The ``features`` side of the use case.

    ONNX inputs by the names of the columns, each (n, 1): numbers as float32, categories as text;
    the model itself scales the ones and encodes the others. ONNX output ``probabilities`` float32
    (n, 2): stays, leaves.
    """

    name = "churn"
    label = "exited"
    answers: Sequence[str] = ("exited", "probability", "confidence")
    Request: type[BaseModel] = Request
    Response: type[BaseModel] = Response
    array: ArraySpec | None = None
    examples: Sequence[dict[str, Any]] = (
        {
            "CreditScore": 619,
            "Geography": "France",
            "Gender": "Female",
            "Age": 42,
            "Tenure": 2,
            "Balance": 0.0,
            "NumOfProducts": 1,
            "HasCrCard": 1,
            "IsActiveMember": 1,
            "EstimatedSalary": 101348.88,
        },
    )

    def decode(self, columns: Columns) -> Inputs:
        """The ten columns that count, in any order; others are not looked at."""
        numbers = read.numbers(NUMBERS, columns).astype(np.float32)
        categories = read.categories(CATEGORIES, columns)
        if len(numbers) != len(categories):
            reason = f"has {len(categories)} values where others have {len(numbers)}"
            raise InvalidInput(next(iter(CATEGORIES)), reason)
        return {
            **{name: numbers[:, at : at + 1] for at, name in enumerate(NUMBERS)},
            **{name: categories[:, at : at + 1] for at, name in enumerate(CATEGORIES)},
        }

    def unpack(self, rows: Array) -> Mapping[str, Any]:
        raise NotImplementedError("rows of churn are not numbers of one kind")

    def request(self, row: Mapping[str, Any]) -> dict[str, Any]:
        whole = {name: float(row[name]) for name in NUMBERS}
        sent = {name: int(value) if value.is_integer() else value for name, value in whole.items()}
        return {**sent, **{name: str(row[name]) for name in CATEGORIES}}

    def observe(self, inputs: Inputs, outputs: Outputs) -> dict[str, Array]:
        """The ten columns, numbers and text, and ``exited``, ``probability``, ``confidence``."""
        probabilities = outputs["probabilities"]
        return {
            **{name: inputs[name][:, 0] for name in (*NUMBERS, *CATEGORIES)},
            "exited": self.answer(outputs),
            "probability": probabilities[:, 1],
            "confidence": probabilities.max(axis=1),
        }

    def answer(self, outputs: Outputs) -> Array:
        return outputs["probabilities"].argmax(axis=1)

    def probabilities(self, outputs: Outputs) -> Array | None:
        return outputs["probabilities"]

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        # Single precision may come out a hair beyond 1.
        probabilities = np.clip(outputs["probabilities"], 0.0, 1.0)
        return [
            Response(exited=exited == 1, probability=leaves, confidence=confidence)
            for exited, leaves, confidence in zip(
                self.answer(outputs).tolist(),
                probabilities[:, 1].tolist(),
                probabilities.max(axis=1).tolist(),
                strict=True,
            )
        ]


features = ChurnFeatures()
