"""The pictures in a PDF document: those embedded, and those drawn.

    python -m usecases.documents.extract FOLDER_OR_PDF OUT

A picture is an image object of the page, as it was embedded (masks applied, every colour space as
RGB, not turned as it lies on the page), or what is drawn with lines and areas: shapes that touch
make one picture, which is rendered. Plain rectangles, rules, text and what covers the whole page
are no pictures. A page's own rotation is applied to both.

It travels with the model: numpy, pypdfium2 and Pillow only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from PIL import Image
from pypdfium2 import raw

from kaizen.core.usecase import InvalidInput, TooLarge
from usecases.documents.drawings import MOST_SHAPES, drawings
from usecases.documents.pictures import Pixels

MOST_PAGES = 500
MOST_PICTURES = 256
"""In one document."""
MOST_PIXELS = 16_000_000
"""Of one picture."""
MOST_TOTAL = 64_000_000
"""Pixels of all pictures of a document."""
DRAWN_SIDE = 256
"""Pixels of a drawn picture's longer side."""
_FINEST = 8.0
"""Most pixels per point, where a drawing is small."""

_one_at_a_time = Lock()
"""PDFium is not made for threads."""


@dataclass(frozen=True)
class Picture:
    """One picture of a document.

    Attributes:
        page, index: where it is: both from 1, the index down the page, then from the left.
        pixels: RGB, uint8 (height, width, 3).
    """

    page: int
    index: int
    pixels: Pixels

    def name(self, document: str) -> str:
        """Its file name, given its document's without ``.pdf``."""
        return f"{document}_page{self.page}_index{self.index}.png"


def pictures(content: bytes) -> list[Picture]:
    """Every picture of a document in the order of its pages.

    Raises:
        InvalidInput: it is no PDF, damaged, or asks for a password.
        TooLarge: it has more pages, pictures, shapes or pixels than are taken.
    """
    with _one_at_a_time:
        document = _opened(content)
        try:
            return list(_found(document))
        except pdfium.PdfiumError as error:
            raise InvalidInput("file", f"the PDF is damaged: {error}") from None
        finally:
            document.close()


def _opened(content: bytes) -> pdfium.PdfDocument:
    if b"%PDF-" not in content[:1024]:
        raise InvalidInput("file", "this is no PDF: it does not begin with %PDF-")
    if b"%%EOF" not in content[-1024:]:
        # PDFium would mend the file with what is left of it, and pictures would silently be lost.
        raise InvalidInput("file", "the PDF is cut off: its end is missing")
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise InvalidInput("file", "the PDF asks for a password") from None
        raise InvalidInput("file", f"the PDF is damaged: {error}") from None
    if len(document) > MOST_PAGES:
        pages = len(document)
        document.close()
        raise TooLarge("file", f"the PDF has {pages} pages: at most {MOST_PAGES} are taken")
    return document


def _found(document: pdfium.PdfDocument) -> Iterator[Picture]:
    count = total = 0
    for number in range(1, len(document) + 1):
        page = document[number - 1]
        turns = page.get_rotation() // 90
        page.set_rotation(0)
        for index, pixels in enumerate(_on_page(page, number), 1):
            count += 1
            total += pixels.shape[0] * pixels.shape[1]
            if count > MOST_PICTURES:
                raise TooLarge("file", f"the PDF has more than {MOST_PICTURES} pictures")
            if total > MOST_TOTAL:
                raise TooLarge("file", f"the PDF's pictures have more than {MOST_TOTAL:,} pixels")
            yield Picture(number, index, np.ascontiguousarray(np.rot90(pixels, -turns)))
        page.close()


def _on_page(page: pdfium.PdfPage, number: int) -> Iterator[Pixels]:
    images: list[Any] = []
    shapes: list[Any] = []
    for at, thing in enumerate(page.get_objects([raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH])):
        if at >= MOST_SHAPES:
            raise TooLarge("file", f"page {number} has more than {MOST_SHAPES} shapes")
        (images if thing.type == raw.FPDF_PAGEOBJ_IMAGE else shapes).append(thing)
    places: list[tuple[Any, Any]] = [(on_page(image), image) for image in images]
    frame = page.get_cropbox()
    drawn = drawings(
        [(on_page(shape), shape) for shape in shapes], frame, [box for box, _ in places]
    )
    places += [(box, None) for box in drawn]
    # Down the page, then from the left.
    for box, image in sorted(places, key=lambda place: (-place[0][3], place[0][0])):
        yield _rendered(page, frame, box) if image is None else _embedded(image, number)


def on_page(thing: pdfium.PdfObject) -> tuple[float, float, float, float]:
    """Left, bottom, right and top on the page, in points, also inside of forms."""
    left, bottom, right, top = thing.get_bounds()
    while (thing := thing.container) is not None:
        corners = [(x, y) for x in (left, right) for y in (bottom, top)]
        matrix = thing.get_matrix()
        xs, ys = zip(*(matrix.on_point(x, y) for x, y in corners), strict=True)
        left, bottom, right, top = min(xs), min(ys), max(xs), max(ys)
    return left, bottom, right, top


def _embedded(image: pdfium.PdfImage, number: int) -> Pixels:
    """The image as it was embedded, transparent parts as white paper."""
    width, height = image.get_px_size()
    if width * height > MOST_PIXELS:
        raise TooLarge(
            "file",
            f"a picture on page {number} has {width} × {height} pixels: "
            f"at most {MOST_PIXELS:,} are taken",
        )
    if not width or not height:
        raise InvalidInput("file", f"a picture on page {number} is damaged: it has no size")
    # Rendered at its own size, unturned: only so are its masks applied.
    image.set_matrix(pdfium.PdfMatrix(width, 0, 0, height, 0, 0))
    try:
        bitmap = image.get_bitmap(render=True, scale_to_original=False)
    except pdfium.PdfiumError:
        reason = f"a picture on page {number} is damaged: it cannot be decoded"
        raise InvalidInput("file", reason) from None
    return rgb(bitmap.to_pil())


def _rendered(page: pdfium.PdfPage, frame: Any, box: Any) -> Pixels:
    left, bottom, right, top = box
    scale = min(DRAWN_SIDE / max(right - left, top - bottom), _FINEST)
    crop = (left - frame[0], bottom - frame[1], frame[2] - right, frame[3] - top)
    return rgb(page.render(scale=scale, crop=crop).to_pil())


def rgb(image: Image.Image) -> Pixels:
    """RGB, uint8 (height, width, 3); transparent parts as white paper."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return np.asarray(image.convert("RGB"), np.uint8)


def main(arguments: list[str]) -> None:
    """Write every picture of a document, or of a folder's documents, as PNG; name the damaged."""
    if len(arguments) != 2:
        sys.exit("usage: python -m usecases.documents.extract FOLDER_OR_PDF OUT")
    source, out = map(Path, arguments)
    out.mkdir(parents=True, exist_ok=True)
    damaged = 0
    for path in sorted(source.glob("*.pdf")) if source.is_dir() else [source]:
        try:
            found = pictures(path.read_bytes())
        except (InvalidInput, OSError) as error:
            damaged += 1
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        for picture in found:
            Image.fromarray(picture.pixels).save(out / picture.name(path.stem))
        print(f"{path.name}: {len(found)} pictures")
    sys.exit(1 if damaged else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
