"""What a use case is: two small objects, ``features`` and ``model``.

``features`` (``usecases/NAME/features.py``) says what a request is and how it is decoded,
observed and answered. Training and serving share it, so it may import numpy and pydantic
only, besides what reads the files that it takes.
``model`` (``usecases/NAME/model.py``) holds data, contract, training and export;
scoring is common to all (``kaizen/evaluation/scores.py``).
This module travels inside the Bento: it imports no more than ``features`` may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

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

Task = Literal["classification", "regression", "clustering"]

Curve = Sequence[float] | Mapping[int, float]
"""A figure as training went on: one value per epoch, or by what it stands at (k = 2, 3 ...)."""


class InvalidInput(ValueError):
    """A row that cannot be scored. ``field`` is what a client must mend, ``row`` its position."""

    def __init__(self, field: str, reason: str, row: int | None = None) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.row = row


class TooLarge(InvalidInput):
    """A file with more in it than is taken, however few its bytes."""


@dataclass(frozen=True)
class File:
    """The rows that one file holds.

    Attributes:
        rows: each as a bare array, (n, *features.array.shape); n may be 0.
        about: what each answer says of its row besides: keys of the Response, as plain JSON.
    """

    rows: Array
    about: Sequence[dict[str, Any]]


ReadFile = Callable[[bytes, str], File]
"""Content and name of a file, "" where it has none, to its rows. Raises InvalidInput."""


@runtime_checkable
class TakesFiles(Protocol):
    """What a use case's ``features`` have besides where a request may be a file."""

    media: Mapping[str, ReadFile]
    """Media type ("application/pdf") to what reads it; each row becomes a bare array."""


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
    answers: Sequence[str]
    """Names in :meth:`observe` that say what was answered; the others say what was asked."""
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
        """The answers (n,): a label, a value in the target's unit, or the number of a segment."""
        ...

    def probabilities(self, outputs: Outputs) -> Array | None:
        """The probability (n, classes) of each class, in the order of the use case's ``labels``.

        None where the model states none.
        """
        ...

    def respond(self, outputs: Outputs) -> list[BaseModel]:
        """One Response per row."""
        ...


@dataclass(frozen=True)
class Split:
    """One data set in three parts. Nothing is chosen by ``holdout`` but by the gate."""

    train: pd.DataFrame
    validation: pd.DataFrame
    holdout: pd.DataFrame


@dataclass(frozen=True)
class Trained:
    """What training ends with.

    Attributes:
        model: in its framework's own form.
        curves: by name.
        summary: what was learnt, for people: plain JSON values, kept with the version's run.
    """

    model: Any
    curves: Mapping[str, Curve] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)


Report = Callable[[str], None]
"""Called with a short figure while training runs ("epoch 3/12, val_accuracy 0.981")."""


@runtime_checkable
class HasForeign(Protocol):
    """What a use case has besides where it brings rows from elsewhere, for scenarios of traffic."""

    foreign: Mapping[str, Callable[[], pd.DataFrame]]
    """Name of a source to what loads its rows, with the columns of :meth:`UseCase.load`."""


class UseCase(Protocol):
    """What is learnt. One instance per use case: ``usecase`` in ``usecases/NAME/model.py``."""

    name: str
    task: Task
    target: str | None
    """Column of the truth; None where there is none to be known (a clustering)."""
    labels: Sequence[Any]
    """Every class in its order; empty where the task is no classification."""
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
        """The data as given, one row per example, the target, if any, among its columns.

        Raises:
            KaizenError: the source is missing or damaged; digests expected and found are named.
        """
        ...

    def truth(self, rows: pd.DataFrame) -> Array:
        """What answers are held against: the target (n,) of the rows.

        For a clustering where the rows lie (n, d), in one scale that no training changes: models
        are then compared in the same space.
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
