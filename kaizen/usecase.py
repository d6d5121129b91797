"""What a use case is: two small objects, ``features`` and ``model``.

``features`` (``usecases/NAME/features.py``) says what a request is and how it is decoded,
observed and answered. Training and serving share it, so it may import numpy and pydantic only.
``model`` (``usecases/NAME/model.py``) holds data, contract, training and export;
scoring is common to all (``registry/scores.py``).
This module travels inside the Bento: it imports no more than ``features`` may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

if TYPE_CHECKING:
    import pandas as pd
    from pandera.pandas import DataFrameSchema

    Columns = Mapping[str, Any] | pd.DataFrame
    """Columns by name, each a sequence of n values."""

Array = NDArray[Any]
Inputs = dict[str, Array]
"""What the model is fed: ONNX input name to array, rows on the first axis."""
Outputs = dict[str, Array]
"""What the model answers: ONNX output name to array, rows on the first axis."""

Task = Literal["classification", "regression"]


class InvalidInput(ValueError):
    """A row that cannot be scored. ``field`` is what a client must mend, ``row`` its position."""

    def __init__(self, field: str, reason: str, row: int | None = None) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.row = row


@dataclass(frozen=True)
class ArraySpec:
    """One row as a bare array, for requests in base64 or raw bytes.

    Attributes:
        dtype: numpy's name of the element type on the wire, little-endian ("uint8", "float32").
        shape: shape of one row, ``()`` never.
    """

    dtype: str
    shape: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row on the wire."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


class Features(Protocol):
    """What a request is. One instance per use case, named ``features``."""

    name: str
    Request: type[BaseModel]
    """One row of a JSON request; unknown keys are refused."""
    Response: type[BaseModel]
    """One answer."""
    label: str
    """The field of Response that a label is the truth of: what that field may be, a label may."""
    array: ArraySpec | None
    """One row as a bare array, or None where rows are not numbers of one kind."""
    examples: Sequence[dict[str, Any]]
    """Rows for the API's documentation; each is a valid Request."""

    def decode(self, columns: Columns) -> Inputs:
        """Rows by column to the model's inputs.

        Raises:
            InvalidInput: a value is missing, not finite, or of the wrong length.
        """
        ...

    def unpack(self, rows: Array) -> Mapping[str, Any]:
        """Rows as an array (n, *array.shape) to columns for :meth:`decode`."""
        ...

    def request(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the data set as the JSON a client would send (the target is left out)."""
        ...

    def observe(self, inputs: Inputs, outputs: Outputs) -> dict[str, Array]:
        """What monitoring sees of n rows: name to (n,), and "embedding" (n, d) if any.

        "confidence" is the model's confidence in its answer: low is suspicious.
        """
        ...

    def answer(self, outputs: Outputs) -> Array:
        """The answers (n,): a label or a value in the target's unit."""
        ...

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        """One Response per row."""
        ...


@dataclass(frozen=True)
class Split:
    """One data set in three parts. Nobody but the gate looks at ``holdout``."""

    train: pd.DataFrame
    validation: pd.DataFrame
    holdout: pd.DataFrame


@dataclass(frozen=True)
class Trained:
    """A model in its framework's own form, and its curves (name to one value per epoch)."""

    model: Any
    curves: dict[str, list[float]] = field(default_factory=dict)


Report = Callable[[str], None]
"""Called with a short figure while training runs ("epoch 3/12, val_accuracy 0.981")."""


class UseCase(Protocol):
    """What is learnt. One instance per use case: ``usecase`` in ``usecases/NAME/model.py``."""

    name: str
    task: Task
    target: str
    """Column of the truth."""
    labels: Sequence[Any]
    """Every class in its order; empty for a regression."""
    positive: Any
    """The class that recall and precision are about where there are two; None otherwise."""
    features: Features
    Params: type[BaseModel]
    """Hyper-parameters, frozen, unknown keys refused, a default for each."""
    Data: type[BaseModel]
    """Where the data comes from, frozen, unknown keys refused, a default for each."""

    def fingerprint(self, data: Any) -> str:
        """Identity of the source, cheap: equal while :meth:`load` returns the same rows."""
        ...

    def load(self, data: Any) -> pd.DataFrame:
        """The data as given, one row per example, the target among its columns.

        Raises:
            KaizenError: the source is missing or damaged; digests expected and found are named.
        """
        ...

    def contract(self) -> DataFrameSchema:
        """What data must look like to be trained on."""
        ...

    def train(
        self,
        params: Any,
        train: pd.DataFrame,
        validation: pd.DataFrame,
        seed: int,
        report: Report,
    ) -> Trained:
        """Fit a model. ``validation`` serves early stopping and choices; it may be empty."""
        ...

    def predict(self, model: Any, inputs: Inputs) -> Outputs:
        """The framework's own answer, under the names of the ONNX outputs."""
        ...

    def export(self, model: Any) -> bytes:
        """The model as ONNX: names as in ``features``, the batch axis free."""
        ...
