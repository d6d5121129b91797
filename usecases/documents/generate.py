"""Makes PDF documents with silhouettes in them, and the labels of their pictures. Seeded.

Every silhouette is used once, so no picture of one document is in another. Two calls with the
same arguments make the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import contourpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from usecases.documents import silhouettes

VERSION = 1
"""Raise it when other documents are made of the same seed: it is part of their identity."""

Random = np.random.Generator
Colour = tuple[int, int, int]

PAGES = (1, 2, 3)
PER_PAGE = (0, 1, 2, 3, 4)
"""Pictures on a page; none is as likely as any other number."""
CELLS = [(column, row) for row in range(3) for column in range(2)]
LARGEST, SMALLEST = 150.0, 70.0
"""Sides of a picture on the page, in points."""
FINEST, COARSEST = 160, 40
"""Sides of an embedded picture, in pixels."""
TURN = 20.0
"""Largest turn of a figure in its picture in degrees, and of a picture on its page."""
CONTRAST = 90
"""Least difference between figure and paper, in the channel that differs most."""
NOISE = 10.0
"""Largest standard deviation of the noise in a photograph (JPEG)."""
FORMS = ("rgb", "grey", "jpeg", "cmyk", "transparent", "drawn", "drawn")
"""Kinds of picture; a third is drawn."""


@dataclass(frozen=True)
class Document:
    """A generated file.

    Attributes:
        name: its file name.
        content: its bytes.
        labels: file name of each picture to its class; empty for a broken document.
    """

    name: str
    content: bytes
    labels: dict[str, str]


def documents(seed: int, most: int | None = None, broken: float = 0.02) -> Iterator[Document]:
    """Documents until every silhouette is in one, or ``most`` whole ones are made.

    Args:
        seed: of everything.
        most: how many documents, besides the broken; None for as many as it takes.
        broken: share of documents that a broken one follows.
    """
    images, classes = silhouettes.load()
    random = np.random.default_rng([seed, VERSION])
    left = random.permutation(len(images)).tolist()
    number = 0
    while left and (most is None or number < most):
        number += 1
        name = f"document-{number:04}"
        content, used = _document(name, images, left, random)
        labels = {picture: str(classes[row]) for picture, row in used}
        yield Document(f"{name}.pdf", content, labels)
        if random.random() < broken or (number == 1 and broken):
            yield Document(f"{name}-broken.pdf", _broken(content, random), {})


def _document(
    name: str, images: NDArray[np.uint8], left: list[int], random: Random
) -> tuple[bytes, list[tuple[str, int]]]:
    """One PDF; takes the silhouettes it uses from the end of ``left``."""
    rl_config.useA85 = 0  # images as bytes, not as letters: a tenth of the time
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle(name)
    used: list[tuple[str, int]] = []
    for page in range(1, int(random.choice(PAGES)) + 1):
        canvas.drawString(50, 800, f"{name}, page {page}")
        canvas.line(50, 790, 545, 790)
        count = min(int(random.choice(PER_PAGE)), len(left))
        for index, at in enumerate(sorted(random.choice(len(CELLS), count, replace=False)), 1):
            row = left.pop()
            _put(canvas, images[row], CELLS[at], random)
            used.append((f"{name}_page{page}_index{index}.png", row))
        canvas.showPage()
    canvas.save()
    return buffer.getvalue(), used


def _put(
    canvas: Canvas, silhouette: NDArray[np.uint8], cell: tuple[int, int], random: Random
) -> None:
    """A silhouette in its cell of the page. Cells are read in rows: the right one lies lower."""
    column, row = cell
    left, top = 50 + 260 * column, 770 - 240 * row - 20 * column
    side = random.uniform(SMALLEST, LARGEST)
    figure, paper = _colours(random)
    form = str(random.choice(FORMS))
    turn = random.uniform(-TURN, TURN)
    canvas.saveState()
    if form == "drawn":
        _draw(canvas, silhouette, (left, top), side, np.deg2rad(turn), figure)
    else:
        _embed(canvas, _picture(silhouette, form, turn, figure, paper, random), left, top, side,
               random.uniform(-TURN, TURN) if random.random() < 0.3 else 0.0)  # fmt: skip
    canvas.restoreState()
    if random.random() < 0.3:
        canvas.rect(left - 10, top - 215, 240, 225)
    canvas.drawString(left, top - 210, "Figure")


def _colours(random: Random) -> tuple[Colour, Colour]:
    """Of figure and paper; either may be the darker."""
    while True:
        pair = random.integers(0, 256, (2, 3))
        if np.abs(pair[0] - pair[1]).max() >= CONTRAST:
            figure, paper = (tuple(colour.tolist()) for colour in pair)
            return figure, paper


def _picture(
    silhouette: NDArray[np.uint8],
    form: str,
    turn: float,
    figure: Colour,
    paper: Colour,
    random: Random,
) -> Image.Image:
    """The picture to embed: enlarged, turned and coloured."""
    size = int(random.integers(COARSEST, FINEST + 1))
    # A wider frame, so that nothing is cut off by the turn.
    framed = np.pad(silhouette, 8)
    mask = Image.fromarray(framed).resize((size, size), Image.Resampling.BICUBIC)
    mask = mask.rotate(turn, Image.Resampling.BICUBIC)
    if form == "transparent":
        image = Image.new("RGBA", mask.size, (*_dark(figure), 255))
        image.putalpha(mask)
        return image
    image = Image.composite(
        Image.new("RGB", mask.size, figure), Image.new("RGB", mask.size, paper), mask
    )
    if form in ("jpeg", "cmyk"):
        noise = random.normal(0, random.uniform(0, NOISE), (*mask.size[::-1], 3))
        values = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
        image = Image.fromarray(values)
        coded = io.BytesIO()
        image.convert("CMYK" if form == "cmyk" else "RGB").save(coded, "JPEG", quality=85)
        return Image.open(coded)
    if form == "grey":
        # By the mask, not the colours: two colours may have one brightness.
        dark = int(random.integers(0, 256 - CONTRAST))
        ends = (dark, int(random.integers(dark + CONTRAST, 256)))
        table = np.linspace(*(ends if random.random() < 0.5 else ends[::-1]), num=256)
        return mask.point(table.astype(np.uint8).tolist())
    return image


def _dark(colour: Colour) -> Colour:
    """A colour that is seen on white paper."""
    red, green, blue = (value * 2 // 3 for value in colour)
    return red, green, blue


def _embed(
    canvas: Canvas, image: Image.Image, left: float, top: float, side: float, turn: float
) -> None:
    """An image of ``side`` points whose box on the page begins at ``left`` and ``top``."""
    angle = abs(np.deg2rad(turn))
    reach = side * (np.cos(angle) + np.sin(angle))
    canvas.translate(left + reach / 2, top - reach / 2)
    canvas.rotate(turn)
    mask = "auto" if image.mode == "RGBA" else None
    canvas.drawImage(ImageReader(image), -side / 2, -side / 2, side, side, mask=mask)


def _draw(
    canvas: Canvas,
    silhouette: NDArray[np.uint8],
    corner: tuple[float, float],
    side: float,
    turn: float,
    figure: Colour,
) -> None:
    """A silhouette's outline as one filled path, its holes left open."""
    framed = np.pad(silhouette, 1).astype(float)
    areas, starts = contourpy.contour_generator(z=framed, fill_type="OuterOffset").filled(127, 256)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, sin], [sin, -cos]]) * side / 28  # pictures count down, pages up
    areas = [points @ matrix for points in areas]
    lowest = np.min([points.min(axis=0) for points in areas], axis=0)
    highest = np.max([points.max(axis=0) for points in areas], axis=0)
    path = canvas.beginPath()
    for points, offsets in zip(areas, starts, strict=True):
        placed = points - (lowest[0], highest[1]) + corner
        for begin, end in pairwise(offsets):
            path.moveTo(*placed[begin])
            for x, y in placed[begin + 1 : end - 1]:
                path.lineTo(x, y)
            path.close()
    canvas.setFillColorRGB(*(value / 255 for value in _dark(figure)))
    canvas.drawPath(path, stroke=0, fill=1, fillMode=0)


def _broken(content: bytes, random: Random) -> bytes:
    """A copy that is cut off, or what is no PDF at all, or nothing."""
    kind = int(random.integers(3))
    if kind == 0:
        return content[: len(content) * 2 // 3]
    return random.bytes(2000) if kind == 1 else b""
