"""A drawn character as somebody may have written it, in the form that MNIST's digits have.

Pure functions of a picture and random numbers; ``render.py`` draws the characters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates

from usecases.digits.features import SIDE

UNIT = 4
"""Dots of the drawing a pixel of the final picture."""
CANVAS = 32 * UNIT
"""Side of a drawing in dots."""
BOX = 20
"""Pixels of the longer side of a digit, as in MNIST."""

PEN = (1.8, 3.2)
"""Thinnest and thickest pen in pixels. MNIST's are about two and a half."""
PRESSURE = 0.15
"""Standard deviation of the pen's width along a stroke, as a share of it."""
TURN, SLANT, STRETCH = 0.10, 0.15, 0.08
"""Standard deviations: radians, sideways per height, logarithm of width over height."""
TREMBLE = ((4.0, 0.7), (8.0, 1.0))
"""Of elastic bending: width of the smoothing and standard deviation of the moves, in pixels."""

Floats = NDArray[np.float64]


def written(drawing: Floats, random: np.random.Generator) -> NDArray[np.uint8]:
    """The character of ``drawing`` (CANVAS, CANVAS; 0 paper to 1 ink) by another hand: (28, 28)."""
    width = random.uniform(*PEN) * UNIT
    return centred(bent(stroked(drawing, width, random), random))


def stroked(drawing: Floats, width: float, random: np.random.Generator) -> Floats:
    """The same with a pen of ``width`` dots, that presses now more, now less.

    The outline moves by as much as the pen differs, along the distance from it. Thick strokes are
    made thinner by half at most, so that none falls apart.
    """
    ink = drawing >= 0.5
    inside, outside = distance_transform_edt(ink), distance_transform_edt(~ink)
    # To the outline, which is half a dot from the dots on either side of it.
    away = np.where(ink, inside - 0.5, 0.5 - outside)
    half = 2 * float(away[ink].mean())  # of a strip, the mean distance is a quarter of its width
    grown = width / 2 * (1 + PRESSURE * smooth(random, 3.0 * UNIT)) - half
    return np.clip(away + np.maximum(grown, -half / 2) + 0.5, 0, 1)


def bent(ink: Floats, random: np.random.Generator) -> Floats:
    """Turned, slanted, stretched, and bent elastically (after Simard, Steinkraus, Platt 2003)."""
    turn, slant = random.normal(0, TURN), random.normal(0, SLANT)
    stretch = np.exp(random.normal(0, STRETCH))
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = turned @ np.array([[1 / stretch, 0], [slant, stretch]])
    middle = (CANVAS - 1) / 2
    places = np.indices((CANVAS, CANVAS), dtype=np.float64) - middle
    places = np.tensordot(matrix, places, 1) + middle
    for wide, far in TREMBLE:
        places += [far * UNIT * smooth(random, wide * UNIT) for _ in range(2)]
    return np.asarray(map_coordinates(ink, places, order=1, mode="constant"))


def smooth(random: np.random.Generator, wide: float) -> Floats:
    """A smooth random field (CANVAS, CANVAS), mean 0 and variance 1 over the field."""
    field = gaussian_filter(random.standard_normal((CANVAS, CANVAS)), wide, mode="wrap")
    return np.asarray((field - field.mean()) / field.std())


def centred(ink: Floats) -> NDArray[np.uint8]:
    """MNIST's form: the longer side BOX pixels, grey edges, centre of mass in the middle of 28.

    Args:
        ink: 0 paper to 1 ink, of any size.

    Raises:
        ValueError: there is no ink.
    """
    rows, columns = (np.flatnonzero(ink.max(axis=axis) >= 0.5) for axis in (1, 0))
    if not len(rows):
        raise ValueError("the picture has no ink")
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(side * BOX / max(cut.shape))) for side in cut.shape)
    small = np.asarray(
        Image.fromarray(cut.astype(np.float32)).resize((width, height), Image.Resampling.BOX)
    )
    down = [np.average(np.arange(height), weights=small.sum(axis=1)), SIDE - height]
    right = [np.average(np.arange(width), weights=small.sum(axis=0)), SIDE - width]
    top, left = (
        int(np.clip(round(SIDE / 2 - 0.5 - middle), 0, most)) for middle, most in (down, right)
    )
    page = np.zeros((SIDE, SIDE))
    page[top : top + height, left : left + width] = small
    return np.rint(255 * np.clip(page, 0, 1)).astype(np.uint8)
