"""What a patient is, to a client and to the model: ten measures, standardised.

The data set is published scaled: each column has mean 0 and squares that sum to 1 over its 442
rows (standard deviation 0.0476). Requests carry the same unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kaizen.usecase import Array, ArraySpec, Inputs, InvalidInput, Outputs

if TYPE_CHECKING:
    from kaizen.usecase import Columns

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
        parts = [_numbers(name, columns) for name in COLUMNS]
        if len({len(part) for part in parts}) > 1:
            lengths = {name: len(part) for name, part in zip(COLUMNS, parts, strict=True)}
            shortest = min(lengths, key=lambda name: lengths[name])
            raise InvalidInput(
                shortest,
                f"has {lengths[shortest]} values where others have {max(lengths.values())}",
            )
        return {"features": np.column_stack(parts)}

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

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        return [Response(progression=value) for value in self.answer(outputs).tolist()]


def _numbers(name: str, columns: Columns) -> Array:
    """One column as finite float64 (n,)."""
    if name not in columns:
        raise InvalidInput(name, "is missing: expected a number")
    try:
        values = np.asarray(columns[name], dtype=np.float64)
    except (TypeError, ValueError):
        row, value = next(
            (at, value) for at, value in enumerate(columns[name]) if not _is_number(value)
        )
        raise InvalidInput(name, f"is {value!r}: expected a number", row) from None
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InvalidInput(name, f"is {values[row]}: expected a finite number", row)
    return values


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


features = DiabetesFeatures()
