"""A small use case whose rows come from two hands, and one that draws other letters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pydantic import BaseModel, ConfigDict, Field

from kaizen.core.usecase import ArraySpec, Inputs, Outputs
from kaizen.inference.columns import categories, numbers


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)
    width: float = Field(ge=0, le=1000)
    strokes: int = Field(ge=1, le=100)
    hand: str = Field(pattern="^(left|right)$")


class Response(BaseModel):
    letter: str = Field(pattern="^[abc]$")


def rows(count: int, seed: int, letters: Sequence[str] = ("a", "b", "c")) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "width": random.normal(50, 5, count),
            "strokes": random.integers(1, 9, count),
            "hand": random.choice(["left", "right"], count),
            "letter": random.choice(list(letters), count),
        }
    )


class LetterFeatures:
    name = "letters"
    Request: type[BaseModel] = Request
    Response: type[BaseModel] = Response
    label = "letter"
    answers: Sequence[str] = ("letter",)
    array: ArraySpec | None = None
    examples: Sequence[dict[str, Any]] = ({"width": 50.0, "strokes": 3, "hand": "left"},)

    def decode(self, columns: Any) -> Inputs:
        return {
            "numbers": numbers(("width", "strokes"), columns),
            "hand": categories({"hand": ("left", "right")}, columns),
        }

    def request(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "width": float(row["width"]),
            "strokes": int(row["strokes"]),
            "hand": row["hand"],
        }

    def answer(self, outputs: Outputs) -> np.ndarray:
        return outputs["letter"]


class Letters:
    name = "letters"
    task = "classification"
    target: str | None = "letter"
    labels: Sequence[Any] = ("a", "b", "c")
    features = LetterFeatures()
    foreign: Mapping[str, Callable[[], pd.DataFrame]] = {
        "cursive": lambda: rows(3000, 7),
        "runes": lambda: rows(50, 8, "c"),
    }

    def contract(self) -> pa.DataFrameSchema:
        names = ("width", "strokes", "hand", "letter")
        return pa.DataFrameSchema({name: pa.Column() for name in names})


LETTERS: Any = Letters()
