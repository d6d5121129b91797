"""What a patient is, to a client and to the model: ten measures, standardised.

The data set is published scaled: each column has mean 0 and squares that sum to 1 over its 442
rows (standard deviation 0.0476). Requests carry the same unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from kaizen.core.usecase import Array, ArraySpec, Inputs, Outputs
from kaizen.inference.columns import numbers

if TYPE_CHECKING:
    from kaizen.core.usecase import Columns

COLUMNS = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
"""In the order of the model's input."""


class Request(BaseModel):
    """One patient."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)

    age: float
    sex: float
    bmi: float = Field(description="body mass index")
    bp: float = Field(description="average blood pressure")
    s1: float = Field(description="total serum cholesterol")
    s2: float = Field(description="low-density lipoproteins")
    s3: float = Field(description="high-density lipoproteins")
    s4: float = Field(description="total cholesterol / HDL")
    s5: float = Field(description="logarithm of serum triglycerides, possibly")
    s6: float = Field(description="blood sugar")


class Response(BaseModel):
    """The expected progression of the disease one year on, 25 to 346 in the data."""

    progression: float


class DiabetesFeatures:
    """The ``features`` side of the use case.

    ONNX input ``features`` float64 (n, 10), output ``prediction`` float64 (n, 1).
    """

    name = "diabetes"
    Request: type[BaseModel] = Request
    Response: type[BaseModel] = Response
    label = "progression"
    answers: Sequence[str] = ("prediction",)
    array: ArraySpec | None = ArraySpec("float64", (len(COLUMNS),))
    examples: Sequence[dict[str, Any]] = (
        {
            "age": 0.0380759064,
            "sex": 0.0506801187,
            "bmi": 0.0616962065,
            "bp": 0.0218723855,
            "s1": -0.0442234984,
            "s2": -0.0348207628,
            "s3": -0.0434008457,
            "s4": -0.0025922620,
            "s5": 0.0199074862,
            "s6": -0.0176461252,
        },
    )

    def decode(self, columns: Columns) -> Inputs:
        """The ten columns, in any order."""
        return {"features": numbers(COLUMNS, columns)}

    def unpack(self, rows: Array) -> Mapping[str, Any]:
        return {name: rows[:, at] for at, name in enumerate(COLUMNS)}

    def request(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: float(row[name]) for name in COLUMNS}

    def observe(self, inputs: Inputs, outputs: Outputs) -> dict[str, Array]:
        """The ten measures and ``prediction``."""
        seen = dict(self.unpack(inputs["features"]))
        return {**seen, "prediction": self.answer(outputs)}

    def answer(self, outputs: Outputs) -> Array:
        return outputs["prediction"][:, 0]

    def probabilities(self, outputs: Outputs) -> Array | None:  # noqa: ARG002  it answers a value
        return None

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        return [Response(progression=value) for value in self.answer(outputs).tolist()]


features = DiabetesFeatures()
