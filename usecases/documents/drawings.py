"""Which shapes of a page make a drawn picture together.

It travels with the model: numpy and pypdfium2 only.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import byref, c_float, c_int
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""

MOST_SHAPES = 4000
"""On one page: pictures are looked for among all pairs of shapes."""
SMALLEST = 12.0
"""Least width and height of a drawn picture in points; what is smaller is a rule or a mark."""
COVERING = 0.9
"""Share of the page's width and height from which on a shape is its background."""
MARGIN = 2.0
"""Points of paper around a drawn picture; shapes that are nearer to each other are one picture."""
_RECTANGLE = 6
"""Most segments of a rectangle: four lines, with a start and a way back to it."""


def drawings(shapes: Sequence[tuple[Box, Any]], page: Box, images: Sequence[Box] = ()) -> list[Box]:
    """The boxes of the drawn pictures on a page, each with its margin, inside the page.

    Args:
        shapes: box and path object of each shape.
        page: the page's own box.
        images: boxes of embedded images: what is drawn on one belongs to it.
    """
    boxes = np.array([box for box, shape in shapes if _drawn(box, shape, page)]).reshape(-1, 4)
    boxes += (-MARGIN, -MARGIN, MARGIN, MARGIN)
    grouped = _merged(boxes)
    width, height = grouped[:, 2] - grouped[:, 0], grouped[:, 3] - grouped[:, 1]
    large = np.minimum(width, height) >= SMALLEST + 2 * MARGIN
    found = [
        (max(left, page[0]), max(bottom, page[1]), min(right, page[2]), min(top, page[3]))
        for left, bottom, right, top in grouped[large].tolist()
        if not any(_on(((left + right) / 2, (bottom + top) / 2), image) for image in images)
    ]
    return [box for box in found if box[0] < box[2] and box[1] < box[3]]


def _drawn(box: Box, shape: Any, page: Box) -> bool:
    """Whether a shape is to be seen and is more than a rectangle or the page's background."""
    covers = box[2] - box[0] >= COVERING * (page[2] - page[0]) and box[3] - box[1] >= COVERING * (
        page[3] - page[1]
    )
    return not covers and not _is_rectangle(shape) and _is_painted(shape)


def _is_painted(shape: Any) -> bool:
    fill, stroke = c_int(), c_int()
    raw.FPDFPath_GetDrawMode(shape, byref(fill), byref(stroke))
    return bool(fill.value or stroke.value)


def _is_rectangle(shape: Any) -> bool:
    """Whether a path is one rectangle, or less, along the axes."""
    count = raw.FPDFPath_CountSegments(shape)
    if count > _RECTANGLE:
        return False
    corners = []
    for at in range(count):
        segment = raw.FPDFPath_GetPathSegment(shape, at)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_BEZIERTO:
            return False
        corners.append(_point(segment))
    return len({x for x, _ in corners}) <= 2 and len({y for _, y in corners}) <= 2


def _point(segment: Any) -> tuple[float, float]:
    x, y = c_float(), c_float()
    raw.FPDFPathSegment_GetPoint(segment, byref(x), byref(y))
    return round(x.value, 2), round(y.value, 2)


def _on(point: tuple[float, float], box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _merged(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes that no other touches, made of those that do; shape (n, 4) to (m, 4)."""
    left = list(boxes)
    done: list[NDArray[np.float64]] = []
    while left:
        box = left.pop()
        while left:
            others = np.array(left)
            near = (
                (others[:, 0] <= box[2])
                & (others[:, 2] >= box[0])
                & (others[:, 1] <= box[3])
                & (others[:, 3] >= box[1])
            )
            if not near.any():
                break
            joined = np.vstack([others[near], box])
            box = np.concatenate([joined[:, :2].min(axis=0), joined[:, 2:].max(axis=0)])
            left = list(others[~near])
        done.append(box)
    return np.array(done).reshape(-1, 4)
