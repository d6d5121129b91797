"""What can be chosen for digits: the hyper-parameters. Where the data comes from: ``source``."""

from __future__ import annotations

from pydantic import Field

from kaizen.core.config import Frozen


class Params(Frozen):
    """Hyper-parameters.

    Attributes:
        epochs: at most; early stopping ends sooner.
        batch_size: images per step.
        learning_rate: Adam's first; it falls to 0 along a cosine.
        filters: of each convolution; a pooling by two follows each.
        embedding: width of the layer before the answer, which monitoring watches.
        dropout: share of values dropped before it.
        patience: epochs without a better validation loss before training ends.
        shift: largest random shift in pixels.
        turn: largest random turn in degrees.
        max_rows: train on this many rows only.
    """

    epochs: int = Field(15, ge=1, le=500)
    batch_size: int = Field(64, ge=1)
    learning_rate: float = Field(3e-3, gt=0, lt=1)
    filters: tuple[int, ...] = Field((16, 32), min_length=1, max_length=2)
    embedding: int = Field(64, ge=2, le=1024)
    dropout: float = Field(0.3, ge=0, lt=1)
    patience: int = Field(5, ge=1)
    shift: float = Field(1.5, ge=0, le=14)
    turn: float = Field(10.0, ge=0, le=180)
    max_rows: int | None = Field(None, ge=10)
