"""Pictures in documents: data, contract, training and export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pydantic import BaseModel

from kaizen.core.usecase import Array, Features, Inputs, Outputs, Report, Task, Trained
from usecases.documents import settings, source
from usecases.documents.features import CLASSES, PIXELS, features

LEAST_ROWS = 50
LEAST_SHARE = 0.05
"""Of a class. Of the generated pictures a quarter are cats and a quarter dogs."""
REPEATED = 0.01
"""Largest share of pictures that may repeat another: in another document it would be a leak."""


class Documents:
    """The ``model`` side of the use case."""

    name = "documents"
    task: Task = "classification"
    target = "label"
    labels: Sequence[Any] = CLASSES
    positive: Any = None
    features: Features = features
    Params: type[BaseModel] = settings.Params
    Data: type[BaseModel] = source.Data

    def fingerprint(self, data: source.Data) -> str:
        return source.fingerprint(data)

    def load(self, data: source.Data) -> pd.DataFrame:
        return source.load(data)

    def truth(self, rows: pd.DataFrame) -> Array:
        return rows[self.target].to_numpy()

    def contract(self) -> pa.DataFrameSchema:
        return pa.DataFrameSchema(
            {
                "document": pa.Column(str),
                "page": pa.Column("int64", pa.Check.ge(1)),
                "index": pa.Column("int64", pa.Check.ge(1)),
                "name": pa.Column(str, unique=True),
                "image": pa.Column(
                    object,
                    [
                        pa.Check(_are_images, error=f"each is {PIXELS} bytes"),
                        pa.Check(_have_ink, error="none is blank"),
                    ],
                ),
                "label": pa.Column(
                    str, pa.Check.isin(CLASSES, error=f"each is one of {', '.join(CLASSES)}")
                ),
            },
            checks=[
                pa.Check(lambda f: len(f) >= LEAST_ROWS, error=f"at least {LEAST_ROWS} pictures"),
                pa.Check(_has_every_class, error=f"every class in at least {LEAST_SHARE:.0%}"),
                pa.Check(
                    lambda f: f["image"].duplicated().mean() <= REPEATED,
                    error=f"at most {REPEATED:.0%} of the pictures repeat another",
                ),
            ],
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
        from usecases.documents import network

        return network.fit(params, self._arrays(train), self._arrays(validation), seed, report)

    def predict(self, model: Any, inputs: Inputs) -> Outputs:
        from usecases.documents import network

        return network.predict(model, inputs)

    def export(self, model: Any) -> bytes:
        from usecases.documents import network

        return network.exported(model)

    def _arrays(self, frame: pd.DataFrame) -> tuple[Any, Any]:
        """Images (n, 32, 32, 1) and positions among the classes (n,)."""
        images = self.features.decode({"image": frame["image"]})["image"]
        numbers = {label: number for number, label in enumerate(CLASSES)}
        return images, frame[self.target].map(numbers).to_numpy(np.int64)


def _are_images(column: pd.Series) -> pd.Series:
    return column.map(lambda v: isinstance(v, bytes) and len(v) == PIXELS).astype(bool)


def _have_ink(column: pd.Series) -> pd.Series:
    return column.map(lambda v: not isinstance(v, bytes) or any(v)).astype(bool)


def _has_every_class(frame: pd.DataFrame) -> bool:
    shares = frame["label"].value_counts(normalize=True)
    return bool(shares.reindex(CLASSES, fill_value=0.0).min() >= LEAST_SHARE)


usecase = Documents()
