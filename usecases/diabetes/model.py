"""Progression of diabetes: data, contract, Ridge regression and export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pydantic import BaseModel
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

from kaizen.core.usecase import Array, Features, Inputs, Outputs, Report, Task, Trained
from kaizen.data.digest import file_digest, frame_digest
from kaizen.data.table import read_csv
from usecases.diabetes import settings
from usecases.diabetes.features import COLUMNS, features

TARGET = "target"
LEAST_ROWS = 50
WIDEST = 0.4
"""Largest value of a scaled measure; the published rows reach 0.199."""
OFF_CENTRE = 0.0476
"""Largest mean of a scaled measure: one standard deviation of the published rows."""


class Diabetes:
    """The ``model`` side of the use case."""

    name = "diabetes"
    task: Task = "regression"
    target = TARGET
    labels: Sequence[Any] = ()
    positive: Any = None
    features: Features = features
    Params: type[BaseModel] = settings.Params
    Data: type[BaseModel] = settings.Data

    def fingerprint(self, data: settings.Data) -> str:
        if data.path is None:
            return f"packaged:{frame_digest(self.load(data))}"
        return f"file:{file_digest(data.path)}"

    def load(self, data: settings.Data) -> pd.DataFrame:
        if data.path is not None:
            return read_csv(data.path)
        frame: pd.DataFrame = load_diabetes(as_frame=True).frame
        return frame

    def truth(self, rows: pd.DataFrame) -> Array:
        return rows[self.target].to_numpy()

    def contract(self) -> pa.DataFrameSchema:
        measures = {
            name: pa.Column(
                "float64",
                [
                    pa.Check.in_range(-WIDEST, WIDEST, error=f"each is -{WIDEST} to {WIDEST}"),
                    pa.Check(_is_centred, error=f"mean -{OFF_CENTRE} to {OFF_CENTRE}"),
                ],
            )
            for name in COLUMNS
        }
        target = pa.Column(
            float, pa.Check.in_range(0, 1000, error="each is 0 to 1000"), coerce=True
        )
        return pa.DataFrameSchema(
            {**measures, TARGET: target},
            checks=pa.Check(lambda f: len(f) >= LEAST_ROWS, error=f"at least {LEAST_ROWS} rows"),
            strict=True,
        )

    def train(
        self,
        params: settings.Params,
        train: pd.DataFrame,
        validation: pd.DataFrame,  # noqa: ARG002  Ridge has nothing to stop early
        seed: int,
        report: Report,
    ) -> Trained:
        inputs = self.features.decode({name: train[name] for name in COLUMNS})["features"]
        model = Ridge(alpha=params.alpha, random_state=seed).fit(inputs, train[TARGET].to_numpy())
        fit = model.score(inputs, train[TARGET].to_numpy())
        report(f"alpha {params.alpha}, r2 on training rows {fit:.3f}")
        return Trained(model)

    def predict(self, model: Any, inputs: Inputs) -> Outputs:
        return {"prediction": model.predict(inputs["features"]).reshape(-1, 1)}

    def export(self, model: Any) -> bytes:
        """In double precision: answers reach 300, and single would lose 1e-5 of them."""
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import DoubleTensorType

        from kaizen.modeling.onnx_graph import canonical

        kind = DoubleTensorType([None, len(COLUMNS)])
        converted = to_onnx(model, initial_types=[("features", kind)])
        return canonical(converted, {"variable": "prediction"})


def _is_centred(column: pd.Series) -> bool:
    return bool(abs(column.mean()) <= OFF_CENTRE)


usecase = Diabetes()
