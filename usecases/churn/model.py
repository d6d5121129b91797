"""Customers who leave a bank: data, contract, seven families of classifiers, and export."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pydantic import BaseModel
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from kaizen.core.usecase import Array, Features, Inputs, Outputs, Report, Task, Trained
from kaizen.data.digest import file_digest, frame_digest
from kaizen.data.table import read_csv
from usecases.churn import settings
from usecases.churn.features import CATEGORIES, NUMBERS, features
from usecases.churn.generate import customers

TARGET = "Exited"
NAMES = ("RowNumber", "CustomerId", "Surname")
"""What names a customer: it is left behind when the data is loaded, and never kept or learnt."""
LEAST_ROWS = 200
RANGES = {
    "CreditScore": (0, 1000),
    "Age": (18, 120),
    "Tenure": (0, 100),
    "Balance": (0, 1e7),
    "NumOfProducts": (1, 10),
    "EstimatedSalary": (0, 1e7),
}
FLAGS = ("HasCrCard", "IsActiveMember")
MEANS = {"CreditScore": (550, 750), "Age": (30, 50), "NumOfProducts": (1, 2.5)}
"""Between which the mean of a data set lies. The generated one has 650, 39 and 1.5."""
LEAVING = (0.05, 0.5)
"""Share of customers who left. The generated one has 0.2."""


class Churn:
    """The ``model`` side of the use case."""

    name = "churn"
    task: Task = "classification"
    target = TARGET
    labels: Sequence[Any] = (0, 1)
    positive: Any = 1
    features: Features = features
    Params: type[BaseModel] = settings.Params
    Data: type[BaseModel] = settings.Data

    def fingerprint(self, data: settings.Data) -> str:
        if data.path is None:
            return f"generated:{frame_digest(self.load(data))}"
        return f"file:{file_digest(data.path)}"

    def load(self, data: settings.Data) -> pd.DataFrame:
        """The rows without :data:`NAMES`, which a file of one's own need not have."""
        frame = read_csv(data.path) if data.path else customers(data.rows, data.seed)
        return frame.drop(columns=[name for name in NAMES if name in frame])

    def truth(self, rows: pd.DataFrame) -> Array:
        return rows[self.target].to_numpy()

    def contract(self) -> pa.DataFrameSchema:
        numbers = {name: pa.Column(float, _checks(name), coerce=True) for name in NUMBERS}
        categories = {
            name: pa.Column(
                str,
                [
                    pa.Check.isin(known, error=f"each is {' or '.join(known)}"),
                    pa.Check(_has_all(known), error=f"every one of {', '.join(known)} occurs"),
                ],
            )
            for name, known in CATEGORIES.items()
        }
        low, high = LEAVING
        exited = pa.Column(
            "int64",
            [
                pa.Check.isin([0, 1], error="each is 0 or 1"),
                pa.Check(lambda c: low <= c.mean() <= high, error=f"mean {low} to {high}"),
            ],
        )
        return pa.DataFrameSchema(
            {**numbers, **categories, TARGET: exited},
            checks=pa.Check(lambda f: len(f) >= LEAST_ROWS, error=f"at least {LEAST_ROWS} rows"),
            strict=True,
        )

    def train(
        self,
        params: settings.Params,
        train: pd.DataFrame,
        validation: pd.DataFrame,
        seed: int,
        report: Report,
    ) -> Trained:
        from usecases.churn import families

        model = families.pipeline(params, seed)
        # One thread: the matrices are small, and threads that wait for each other take longer.
        with threadpool_limits(1), warnings.catch_warnings():
            # The perceptron's: that ``epochs`` is where it ends is as it was asked for.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(families.frame(self.features.decode(train)), self.truth(train))
        judged, rows = ("validation", validation) if len(validation) else ("training", train)
        found = model.score(families.frame(self.features.decode(rows)), self.truth(rows))
        report(f"{params.family}, accuracy on {judged} rows {found:.3f}")
        loss = getattr(model[-1], "loss_curve_", [])
        return Trained(model, {"loss": [float(value) for value in loss]} if loss else {})

    def predict(self, model: Any, inputs: Inputs) -> Outputs:
        from usecases.churn import families

        answers = model.predict_proba(families.frame(inputs))
        return {"probabilities": answers.astype(np.float32)}

    def export(self, model: Any) -> bytes:
        from usecases.churn import export

        return export.exported(model)


def _checks(name: str) -> list[pa.Check]:
    if name in FLAGS:
        return [pa.Check.isin([0, 1], error="each is 0 or 1")]
    low, high = RANGES[name]
    found = [pa.Check.in_range(low, high, error=f"each is {low:,.0f} to {high:,.0f}")]
    if name in MEANS:
        least, most = MEANS[name]
        found.append(pa.Check(lambda c: least <= c.mean() <= most, error=f"mean {least} to {most}"))
    return found


def _has_all(known: Sequence[str]) -> Any:
    return lambda column: set(known) <= set(column)


usecase = Churn()
