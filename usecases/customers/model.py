"""Customers of a shop: data, contract, k-means and export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pydantic import BaseModel
from threadpoolctl import threadpool_limits

from kaizen.core.usecase import Array, Features, Inputs, Outputs, Report, Task, Trained
from kaizen.data.digest import file_digest, frame_digest
from kaizen.data.table import read_csv
from usecases.customers import settings
from usecases.customers.features import AGE, INCOME, NUMBERS, SCORE, features
from usecases.customers.generate import customers

LEAST_ROWS = 100
RANGES = {AGE: (10, 120), INCOME: (0, 10_000), SCORE: (1, 100)}
MEANS = {AGE: (20, 65), INCOME: (20, 200), SCORE: (20, 80)}
"""Between which the mean of a data set lies: outside, the fixed scale tells customers apart no
more. The generated one has 39, 58 and 50."""


class Customers:
    """The ``model`` side of the use case."""

    name = "customers"
    task: Task = "clustering"
    target: str | None = None
    labels: Sequence[Any] = ()
    positive: Any = None
    features: Features = features
    Params: type[BaseModel] = settings.Params
    Data: type[BaseModel] = settings.Data

    def fingerprint(self, data: settings.Data) -> str:
        if data.path is None:
            return f"generated:{frame_digest(self.load(data))}"
        return f"file:{file_digest(data.path)}"

    def load(self, data: settings.Data) -> pd.DataFrame:
        return read_csv(data.path) if data.path else customers(data.rows, data.seed)

    def truth(self, rows: pd.DataFrame) -> Array:
        """Where the rows lie (n, 3), in the fixed scale."""
        from usecases.customers.segments import positions

        return positions(rows[list(NUMBERS)].to_numpy())

    def contract(self) -> pa.DataFrameSchema:
        known = pa.Check.isin(["Female", "Male"], error="each is Female or Male")
        numbers = {name: pa.Column(float, _checks(name), coerce=True) for name in NUMBERS}
        return pa.DataFrameSchema(
            {
                # Two customers may be alike in all that is asked; their numbers tell them apart.
                "CustomerID": pa.Column("int64", unique=True),
                "Gender": pa.Column(str, known),
                **numbers,
            },
            checks=pa.Check(lambda f: len(f) >= LEAST_ROWS, error=f"at least {LEAST_ROWS} rows"),
            strict=True,
        )

    def train(
        self,
        params: settings.Params,
        train: pd.DataFrame,
        validation: pd.DataFrame,  # noqa: ARG002  k is chosen by an index of the training rows
        seed: int,
        report: Report,
    ) -> Trained:
        from usecases.customers import segments

        rows = self.features.decode({name: train[name] for name in NUMBERS})["numbers"]
        different = len(np.unique(rows, axis=0))
        fits = {}
        # One thread: on so few rows others wait for each other, for minutes on a busy machine.
        with threadpool_limits(1):
            for k in (k for k in segments.KS if k < different):
                fits[k] = segments.fit(rows, k, params.starts, seed)
                report(f"k {k}, silhouette {fits[k].indices['silhouette']:.3f}")
        k = params.k or segments.choose(fits)
        how = "given" if params.k else segments.RULE
        report(f"k {k}, silhouette {fits[k].indices['silhouette']:.3f}; chosen: {how}")
        indices = {
            f"{name}_by_k": {k: each.indices[name] for k, each in fits.items()}
            for name in fits[k].indices
        }
        found = segments.described(fits[k].model, train)
        summary = {"k": k, "chosen": how, "indices": fits[k].indices, "segments": found}
        return Trained(fits[k].model, indices, summary)

    def predict(self, model: Any, inputs: Inputs) -> Outputs:
        from usecases.customers import segments

        answer = model.predict(inputs["numbers"])
        return {
            "segment": answer.astype(np.int64) + 1,
            "name": np.array(segments.names(model), dtype=object)[answer],
            "distances": model.transform(inputs["numbers"]),
        }

    def export(self, model: Any) -> bytes:
        from usecases.customers import export

        return export.exported(model)


def _checks(name: str) -> list[pa.Check]:
    low, high = RANGES[name]
    least, most = MEANS[name]
    return [
        pa.Check.in_range(low, high, error=f"each is {low} to {high}"),
        pa.Check(lambda c: least <= c.mean() <= most, error=f"mean {least} to {most}"),
    ]


usecase = Customers()
