"""Silhouettes as pictures, and how far apart two prepared pictures are."""

from __future__ import annotations

import numpy as np
from PIL import Image

SAME, ALIKE = 6.0, 25.0
"""Most by which pictures differ that are the same but for rounding, or one animal drawn anew."""


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of two prepared pictures, 0 to 255; different animals are over 30 apart."""
    return float(np.abs(one.astype(float) - other).mean())


def figure(silhouette: np.ndarray, ink: object = "black", paper: object = "white") -> Image.Image:
    """A silhouette as a picture of 112 × 112 pixels."""
    mask = Image.fromarray(np.pad(silhouette, 2)).resize((112, 112), Image.Resampling.BICUBIC)
    return Image.composite(
        Image.new("RGB", mask.size, ink), Image.new("RGB", mask.size, paper), mask
    )
