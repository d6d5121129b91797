"""A small mixed use case, text and numbers, whose rows a bare array cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from kaizen.core.usecase import ArraySpec, Inputs, InvalidInput, Outputs

TABLE = pd.DataFrame(
    {
        "country": ["France", "Spain", "France", "Germany"],
        "age": [42.0, 30.0, 20.0, 60.0],
        "value": [1.0, 2.0, 3.0, 4.0],
    }
)


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    country: str
    age: float


class Response(BaseModel):
    value: float


class Bank:
    Request = Request
    Response = Response
    array: ArraySpec | None = None

    def decode(self, columns: Mapping[str, Any]) -> Inputs:
        age = np.asarray(columns["age"], dtype=np.float32)
        for row in np.flatnonzero(~np.isfinite(age)):
            raise InvalidInput("age", "age is not a number", int(row))
        country = np.asarray(columns["country"], dtype=object)
        return {"country": country[:, None], "age": age[:, None]}

    def unpack(self, rows: np.ndarray) -> Mapping[str, Any]:
        return {"country": ["Spain"] * len(rows), "age": rows[:, 0]}

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        return [Response(value=value) for value in outputs["variable"].ravel().tolist()]
