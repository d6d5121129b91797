"""The shipped silhouettes: cats, dogs and other animals, white on black."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaizen.core.errors import KaizenError
from usecases.documents.features import CLASSES

PACKAGED = Path(__file__).parent / "data" / "silhouettes.npz"
PACKAGED_SHA256 = "a45e5042c4eba64eb6113411d914d0e9f75c84df787c1e3cbb60b6163f3df348"

_CAT, _DOG = 2, 4
"""Positions among the ten animals of the package."""


def load() -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Silhouettes (n, 28, 28), 0 paper to 255 ink, and the class of each (n,).

    Raises:
        KaizenError: the shipped file is missing or damaged.
    """
    try:
        content = PACKAGED.read_bytes()
    except OSError as error:
        raise KaizenError(f"cannot read the silhouettes in {PACKAGED}: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != PACKAGED_SHA256:
        raise KaizenError(
            f"{PACKAGED} is damaged: SHA-256 {PACKAGED_SHA256} expected, {found} found; "
            "fetch it again"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        images, animals = archive["images"], archive["animals"]
    return images, np.array(CLASSES)[np.where(animals == _CAT, 0, np.where(animals == _DOG, 1, 2))]
