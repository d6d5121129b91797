"""Where the digits come from: the shipped file, a file of the user's, or Keras."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from kaizen.core.config import Frozen
from kaizen.core.errors import KaizenError

PACKAGED = Path(__file__).parent / "data" / "mnist-10k.npz"
PACKAGED_SHA256 = "042d50d802ec2cd632fa28a1c4f230bc176e6af30c6f951334ec33a00a9db3a6"
KERAS_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
"""Digest of the file that ``keras.datasets.mnist`` fetches, as Keras itself states it."""


class Data(Frozen):
    """Where the digits come from.

    Attributes:
        source: the 10,000 digits shipped here, or all 70,000 as Keras fetches them.
        path: a file of your own in place of the shipped one: an ``.npz`` with ``images``
            (n, 28, 28) and ``labels`` (n,), both uint8.
        sha256: the digest that file must have.
    """

    source: Literal["packaged", "keras"] = "packaged"
    path: Path | None = None
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.path is not None and self.source != "packaged":
            raise ValueError("path goes with source packaged only")
        if self.sha256 is not None and self.path is None:
            raise ValueError("sha256 is the digest of a file of your own: give its path too")
        return self


def fingerprint(data: Data) -> str:
    """Identity of the source, without unpacking it."""
    if data.source == "keras":
        return f"keras:{KERAS_SHA256}"
    if data.path is None:
        return f"packaged:{PACKAGED_SHA256}"
    return f"file:{hashlib.sha256(_content(data.path)).hexdigest()}"


def load(data: Data) -> pd.DataFrame:
    """Columns ``image`` (784 bytes, row by row from the top left) and ``label`` (int64).

    Raises:
        KaizenError: the file is missing, damaged or no such archive, or cannot be fetched.
    """
    if data.source == "keras":
        return frame(*_fetched())
    expected = data.sha256 if data.path else PACKAGED_SHA256
    return frame(*_unpacked(data.path or PACKAGED, expected))


def frame(images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Images (n, 28, 28) uint8 and labels (n,) as a data set."""
    rows = images.reshape(len(images), -1)
    return pd.DataFrame(
        {
            "image": pd.Series([row.tobytes() for row in rows], dtype=object),
            "label": labels.astype(np.int64),
        }
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KaizenError(f"cannot read the digits in {path}: {error.strerror}") from error


def _unpacked(path: Path, expected: str | None) -> tuple[np.ndarray[Any, Any], ...]:
    content = _content(path)
    found = hashlib.sha256(content).hexdigest()
    if expected is not None and found != expected:
        raise KaizenError(
            f"{path} is damaged: SHA-256 {expected} expected, {found} found; fetch it again"
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            images, labels = archive["images"], archive["labels"]
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise KaizenError(
            f"{path} holds no digits: expected an .npz with the arrays images and labels"
        ) from error
    if images.shape != (len(labels), 28, 28) or images.dtype != np.uint8 or labels.ndim != 1:
        raise KaizenError(
            f"{path} holds images {images.shape} {images.dtype} and labels {labels.shape}: "
            "expected images (n, 28, 28) uint8 and labels (n,)"
        )
    return images, labels


def _fetched() -> tuple[np.ndarray[Any, Any], ...]:
    from keras.datasets import mnist

    try:
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception where the download fails
        raise KaizenError(
            f"cannot fetch MNIST through Keras ({error}): connect to the internet, "
            "or keep the shipped digits with --set data.source=packaged"
        ) from error
    return np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
