"""Small random moves of square grey training images, outside the model.

Random layers inside the model would export to an invalid graph. Every batch follows from the
seed, the epoch and its own number, whatever order the batches are asked for in.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class Batches(keras.utils.PyDataset):
    """Shuffled, moved batches of images (n, side, side, 1) uint8 and labels (n,).

    Args:
        images, labels: the training part.
        size: images per batch.
        seed: of the order and the moves.
        shift: largest shift in pixels.
        turn: largest turn in degrees.
        zoom: largest share by which the picture grows or shrinks.
        flip: whether every other image is mirrored, left for right.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        size: int,
        seed: int,
        shift: float,
        turn: float,
        *,
        zoom: float = 0.0,
        flip: bool = False,
    ) -> None:
        super().__init__()
        self._images = images.astype(np.float32)
        self._labels = labels
        self._size = size
        self._seed = seed
        self._shift = shift
        self._turn = turn
        self._zoom = zoom
        self._flip = flip
        self._epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._size)

    def __getitem__(self, index: int) -> tuple[Any, NDArray[np.int64]]:
        rows = self._order[index * self._size : (index + 1) * self._size]
        images = self._images[rows]
        random = np.random.default_rng([self._seed, self._epoch, index])
        if self._shift or self._turn or self._zoom:
            images = moved(images, *self._moves(len(rows), random))
        if self._flip:
            mirrored = random.random(len(rows)) < 0.5
            images = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
        return images, self._labels[rows]

    def on_epoch_end(self) -> None:
        """A new order for the next epoch."""
        self._epoch += 1
        random = np.random.default_rng([self._seed, self._epoch])
        self._order = random.permutation(len(self._images))

    def _moves(
        self, rows: int, random: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
        shifts = random.uniform(-self._shift, self._shift, (rows, 2))
        angles = np.deg2rad(random.uniform(-self._turn, self._turn, rows))
        sizes = 1 + random.uniform(-self._zoom, self._zoom, rows) if self._zoom else None
        return shifts, angles, sizes


def moved(
    images: Any,
    shifts: NDArray[np.float64],
    angles: NDArray[np.float64],
    sizes: NDArray[np.float64] | None = None,
) -> Any:
    """Each image (n, side, side, 1) shifted (n, 2; pixels, x then y) and turned about its middle.

    Args:
        images: float32.
        shifts: how far the picture moves left and up.
        angles: radians (n,).
        sizes: how many times as large the picture becomes (n,).
    """
    side = images.shape[1]
    middle = (side - 1) / 2
    cos, sin = np.cos(angles), np.sin(angles)
    if sizes is not None:
        cos, sin = cos / sizes, sin / sizes
    zero = np.zeros_like(cos)
    transforms = np.stack(
        [
            cos,
            -sin,
            middle - middle * cos + middle * sin + shifts[:, 0],
            sin,
            cos,
            middle - middle * sin - middle * cos + shifts[:, 1],
            zero,
            zero,
        ],
        axis=1,
    ).astype(np.float32)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=[side, side],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
