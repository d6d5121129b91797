"""One picture of any size and colour to what the model is fed. Training and serving call this.

It travels with the model: numpy and Pillow only.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]

SIDE = 32
"""Pixels on each side of what the model is fed."""
MARGIN = 2
"""Pixels of paper left around the figure."""
_LARGEST = 256
"""Longest side at which the figure is looked for."""
_FAINTEST = 12
"""Least difference from the paper, 0 to 255, that is no noise."""
_NOISE, _FULL = 0.15, 0.85
"""Shares of the strongest difference that become 0 and 255."""


def prepare(picture: Any) -> Pixels:
    """The figure in a picture, on its own: shape (32, 32), 0 paper to 255 ink.

    The paper is what the picture's edge mostly is, whatever its colour, so a dark figure on light
    paper and a light one on dark come out alike. The figure fills the square but for a margin;
    its proportions stay. A picture of one colour comes out as zeros.

    Args:
        picture: uint8, shape (height, width, 3) as RGB, or (height, width) as grey.
    """
    ink = _ink(_small(np.asarray(picture)))
    image = Image.fromarray(ink)
    # A grain of noise stands alone: spread over its neighbours it is no figure's end.
    solid = image.filter(ImageFilter.BoxBlur(1)).point(lambda value: value > 127 and 255)
    box = solid.getbbox() or image.getbbox()
    if box is None:
        return np.zeros((SIDE, SIDE), np.uint8)
    figure = image.crop(box)
    scale = (SIDE - 2 * MARGIN) / max(figure.size)
    width, height = (max(1, round(length * scale)) for length in figure.size)
    fitted = figure.resize((width, height), Image.Resampling.BICUBIC)
    square = Image.new("L", (SIDE, SIDE))
    square.paste(fitted, ((SIDE - width) // 2, (SIDE - height) // 2))
    return np.asarray(square, np.uint8)


def _small(picture: Pixels) -> NDArray[np.float32]:
    """As float, shape (height, width, channels), the longest side no more than is needed."""
    image = Image.fromarray(picture)
    if max(image.size) > _LARGEST:
        image.thumbnail((_LARGEST, _LARGEST), Image.Resampling.BOX)
    values = np.asarray(image, np.float32)
    return values if values.ndim == 3 else values[..., None]


def _ink(values: NDArray[np.float32]) -> Pixels:
    """How far each pixel is from the paper, 0 to 255 for the strongest difference."""
    edge = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    apart = np.abs(values - np.median(edge, axis=0))
    distance = functools.reduce(np.maximum, np.moveaxis(apart, 2, 0))
    strongest = float(np.percentile(distance, 99))
    if strongest < _FAINTEST:
        # A figure smaller than 1 % of the picture, or none.
        strongest = float(distance.max())
    if strongest < _FAINTEST:
        return np.zeros(distance.shape, np.uint8)
    share = (distance / strongest - _NOISE) / (_FULL - _NOISE)
    return np.asarray(np.rint(np.clip(share, 0, 1) * 255), np.uint8)
