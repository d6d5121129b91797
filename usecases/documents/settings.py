"""What can be chosen for documents: the hyper-parameters. Where the data comes from: ``source``."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from kaizen.core.config import Frozen
from kaizen.core.errors import KaizenError
from kaizen.data.digest import file_digest

SUFFIXES = (".keras", ".weights.h5")


class Backbone(Frozen):
    """Weights that the convolutions start from.

    Attributes:
        path: a file of this machine, as ``usecases.documents.network.save_backbone`` writes it.
        sha256: the digest it must have. It is filled in where it is not given, so that a run
            records which weights it started from, and another file is not taken for this one.
    """

    path: Path
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if not self.path.name.endswith(SUFFIXES):
            raise ValueError(f"{self.path} ends with neither {' nor '.join(SUFFIXES)}")
        try:
            found = file_digest(self.path)
        except KaizenError as error:
            raise ValueError(str(error)) from None
        if self.sha256 is None:
            object.__setattr__(self, "sha256", found)
        elif self.sha256 != found:
            raise ValueError(f"{self.path} is not the file meant: SHA-256 {self.sha256} expected")
        return self


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
        zoom: largest random share by which a picture grows or shrinks.
        flip: whether every other picture is mirrored, left for right.
        backbone_weights: where the convolutions start from; None starts from nothing.
    """

    epochs: int = Field(20, ge=1, le=500)
    batch_size: int = Field(64, ge=1)
    learning_rate: float = Field(3e-3, gt=0, lt=1)
    filters: tuple[int, ...] = Field((16, 32, 64), min_length=1, max_length=4)
    embedding: int = Field(64, ge=2, le=1024)
    dropout: float = Field(0.3, ge=0, lt=1)
    patience: int = Field(10, ge=1)
    shift: float = Field(1.5, ge=0, le=16)
    turn: float = Field(20.0, ge=0, le=180)
    zoom: float = Field(0.1, ge=0, lt=1)
    flip: bool = True
    backbone_weights: Backbone | None = None
