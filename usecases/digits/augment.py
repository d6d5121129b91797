"""Small random shifts and turns of training images, outside the model.

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

SIDE = 28


class Batches(keras.utils.PyDataset):
    """Shuffled, moved batches of images (n, 28, 28, 1) uint8 and labels (n,).

    Args:
        images, labels: the training part.
        size: images per batch.
        seed: of the order and the moves.
        shift: largest shift in pixels.
        turn: largest turn in degrees.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        size: int,
        seed: int,
        shift: float,
        turn: float,
    ) -> None:
        super().__init__()
        self._images = images.astype(np.float32)
        self._labels = labels
        self._size = size
        self._seed = seed
        self._shift = shift
        self._turn = turn
        self._epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._size)

    def __getitem__(self, index: int) -> tuple[Any, NDArray[np.int64]]:
        rows = self._order[index * self._size : (index + 1) * self._size]
        images = self._images[rows]
        if self._shift or self._turn:
            random = np.random.default_rng([self._seed, self._epoch, index])
            images = moved(images, *self._moves(len(rows), random))
        return images, self._labels[rows]

    def on_epoch_end(self) -> None:
        """A new order for the next epoch."""
        self._epoch += 1
        random = np.random.default_rng([self._seed, self._epoch])
        self._order = random.permutation(len(self._images))

    def _moves(
        self, rows: int, random: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        shifts = random.uniform(-self._shift, self._shift, (rows, 2))
        return shifts, np.deg2rad(random.uniform(-self._turn, self._turn, rows))


def moved(images: Any, shifts: NDArray[np.float64], angles: NDArray[np.float64]) -> Any:
    """Each image (n, 28, 28, 1) shifted (n, 2; pixels, x then y) and turned about its middle.

    Args:
        images: float32.
        shifts: how far the picture moves left and up.
        angles: radians (n,).
    """
    middle = (SIDE - 1) / 2
    cos, sin = np.cos(angles), np.sin(angles)
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
        output_shape=[SIDE, SIDE],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
