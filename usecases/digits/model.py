"""Handwritten digits: data, contract, training and export."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pydantic import BaseModel

from kaizen.core.usecase import Array, Features, Inputs, Outputs, Report, Task, Trained
from usecases.digits import foreign, settings, source
from usecases.digits.features import PIXELS, features

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CLASSES = tuple(range(10))
LEAST_ROWS = 200
LEAST_SHARE = 0.02
"""Of a class. The rarest of MNIST, five, has 0.086."""
INK = (0.02, 0.4)
"""Mean pixel of a data set, 0 to 1. MNIST has 0.13; white paper taken for ink gives 0.87."""


class Digits:
    """The ``model`` side of the use case."""

    name = "digits"
    task: Task = "classification"
    target = "label"
    labels: Sequence[Any] = CLASSES
    positive: Any = None
    features: Features = features
    Params: type[BaseModel] = settings.Params
    Data: type[BaseModel] = source.Data
    foreign: Mapping[str, Callable[[], pd.DataFrame]] = {
        name: partial(foreign.load, name) for name in foreign.SHA256
    }

    def fingerprint(self, data: source.Data) -> str:
        return source.fingerprint(data)

    def load(self, data: source.Data) -> pd.DataFrame:
        return source.load(data)

    def truth(self, rows: pd.DataFrame) -> Array:
        return rows[self.target].to_numpy()

    def contract(self) -> pa.DataFrameSchema:
        return pa.DataFrameSchema(
            {
                "image": pa.Column(
                    object,
                    [
                        pa.Check(_are_images, error=f"each is {PIXELS} bytes"),
                        pa.Check(_have_ink, error="none is blank"),
                    ],
                ),
                "label": pa.Column("int64", pa.Check.isin(CLASSES, error="each is 0 to 9")),
            },
            checks=[
                pa.Check(lambda f: len(f) >= LEAST_ROWS, error=f"at least {LEAST_ROWS} rows"),
                pa.Check(_has_every_class, error=f"every digit in at least {LEAST_SHARE:.0%}"),
                pa.Check(_is_light_on_dark, error=f"mean pixel {INK[0]} to {INK[1]}, ink is 255"),
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
        from usecases.digits import network

        if params.max_rows is not None:
            train = train.head(params.max_rows)
        return network.fit(params, self._arrays(train), self._arrays(validation), seed, report)

    def predict(self, model: Any, inputs: Inputs) -> Outputs:
        from usecases.digits import network

        return network.predict(model, inputs)

    def export(self, model: Any) -> bytes:
        from usecases.digits import network

        return network.exported(model)

    def _arrays(self, frame: pd.DataFrame) -> tuple[Any, Any]:
        return self.features.decode({"image": frame["image"]})["image"], frame[
            self.target
        ].to_numpy()


def _are_images(column: pd.Series) -> pd.Series:
    return column.map(lambda v: isinstance(v, bytes) and len(v) == PIXELS).astype(bool)


def _have_ink(column: pd.Series) -> pd.Series:
    return column.map(lambda v: not isinstance(v, bytes) or any(v)).astype(bool)


def _has_every_class(frame: pd.DataFrame) -> bool:
    shares = frame["label"].value_counts(normalize=True)
    return bool(shares.reindex(CLASSES, fill_value=0.0).min() >= LEAST_SHARE)


def _is_light_on_dark(frame: pd.DataFrame) -> bool:
    content = b"".join(v for v in frame["image"] if isinstance(v, bytes))
    return not content or INK[0] <= np.frombuffer(content, np.uint8).mean() / 255 <= INK[1]


usecase = Digits()
