"""An uploaded file to its pictures: a PDF document, or one picture by itself.

It travels with the model: numpy, pypdfium2 and Pillow only.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Mapping
from pathlib import PurePath

import numpy as np
from PIL import Image, UnidentifiedImageError

from kaizen.core.usecase import File, InvalidInput, ReadFile, TooLarge
from usecases.documents.extract import MOST_PIXELS, pictures, rgb
from usecases.documents.pictures import SIDE, Pixels, prepare

LONGEST_NAME = 100
_DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""What Pillow raises for a damaged file, depending on where it is damaged."""


def document(content: bytes, name: str) -> File:
    """The pictures of a PDF in the order of its pages; there may be none."""
    stem = _stem(name, "document")
    found = pictures(content)
    rows = [prepare(picture.pixels) for picture in found]
    about = [
        {"name": picture.name(stem), "page": picture.page, "index": picture.index}
        for picture in found
    ]
    return File(np.array(rows, np.uint8).reshape(-1, SIDE, SIDE), about)


def picture(content: bytes, name: str, form: str) -> File:
    """One picture."""
    about = {"name": f"{_stem(name, 'picture')}.{form.lower()}", "page": 1, "index": 1}
    return File(prepare(decoded(content, form))[None], [about])


def decoded(content: bytes, form: str) -> Pixels:
    """A picture's pixels: RGB, uint8 (height, width, 3).

    Args:
        content: the file.
        form: what it is, by Pillow's name.

    Raises:
        InvalidInput: it is no such picture, or damaged.
        TooLarge: it has more pixels than are taken; they are not unpacked.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=[form])
            if image.width * image.height > MOST_PIXELS:
                size = f"{image.width} × {image.height}"
                raise TooLarge("file", f"it has {size} pixels: at most {MOST_PIXELS:,} are taken")
            image.load()
            return rgb(image)
    except InvalidInput:
        raise
    except Image.DecompressionBombError:
        raise TooLarge("file", f"it has more than {MOST_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise InvalidInput("file", f"this is no {form} picture") from None
    except _DAMAGED as error:
        raise InvalidInput("file", f"the {form} picture is damaged: {error}") from None


def _stem(name: str, otherwise: str) -> str:
    """A client's name for its file, without folders and ending, as far as it can be shown."""
    stem = PurePath(name.replace("\\", "/")).stem
    return "".join(letter for letter in stem if letter.isprintable())[:LONGEST_NAME] or otherwise


def _of(form: str) -> ReadFile:
    return lambda content, name: picture(content, name, form)


MEDIA: Mapping[str, ReadFile] = {
    "application/pdf": document,
    "image/png": _of("PNG"),
    "image/jpeg": _of("JPEG"),
}
"""By media type."""
