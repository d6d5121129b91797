"""Documents made by hand, in which one knows what is where."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from usecases.documents import generate, labels, silhouettes

Draw = Callable[[Canvas], object]
Pdf = Callable[..., bytes]


@pytest.fixture(scope="session")
def plain() -> np.ndarray:
    """The first silhouettes, (20, 28, 28)."""
    return silhouettes.load()[0][:20]


@pytest.fixture(scope="session")
def pdf() -> Pdf:
    """Makes a document: each argument draws a page."""

    def make(*pages: Draw, title: str = "", **options: object) -> bytes:
        buffer = io.BytesIO()
        canvas = Canvas(buffer, pagesize=(400, 600), invariant=1, **options)
        canvas.setTitle(title)
        for draw in pages:
            draw(canvas)
            canvas.showPage()
        canvas.save()
        return buffer.getvalue()

    return make


@pytest.fixture(scope="session")
def put() -> Callable[..., Draw]:
    """Draws an image on a page, its lower left corner and its side in points."""

    def at(image: Image.Image, x: float = 50, y: float = 50, side: float = 100) -> Draw:
        mask = "auto" if image.mode == "RGBA" else None
        return lambda canvas: canvas.drawImage(ImageReader(image), x, y, side, side, mask=mask)

    return at


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen generated documents and one that is broken, with their labels."""
    made = tmp_path_factory.mktemp("documents")
    known: dict[str, str] = {}
    for document in generate.documents(seed=5, most=12, broken=0):
        (made / document.name).write_bytes(document.content)
        known |= document.labels
    labels.write(made / "labels.json", known)
    return made
