"""Makes the shipped digits from elsewhere, from handwriting fonts in npm packages.

    npm pack @fontsource/klee-one@5.3.0 ...  (all of them: python -m usecases.digits.render)
    python -m usecases.digits.render FOLDER

FOLDER holds the packages as ``npm pack`` names them. Each font is the part of it that has the
digits, in WOFF, which Pillow reads as it is. Its digest and its licence are verified. Every picture
follows from its source, digit and number alone, so that the same libraries make the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from kaizen.core.atomic import write_bytes
from kaizen.core.errors import KaizenError, UsageError
from usecases.digits.foreign import FOLDER
from usecases.digits.handwriting import BOX, CANVAS, UNIT, Floats, written
from usecases.digits.prepare import mixed, packed

PER_CLASS = 150
LICENCE = "SIL Open Font License, Version 1.1"


@dataclass(frozen=True)
class Font:
    """One font file of an npm package ``@fontsource/NAME``."""

    name: str
    version: str
    file: str
    sha256: str

    @property
    def package(self) -> str:
        return f"@fontsource/{self.name}@{self.version}"

    @property
    def tarball(self) -> str:
        return f"fontsource-{self.name}-{self.version}.tgz"


@dataclass(frozen=True)
class Script:
    """Ten digits that follow each other from ``zero`` on, and fonts that have them."""

    zero: int
    fonts: tuple[Font, ...]


# fmt: off
SCRIPTS = {
    "japanese": Script(0x0030, (
        Font("klee-one", "5.3.0", "klee-one-latin-400-normal.woff",
             "4c039b95126f61e0eb408e604751ac097fbf768043011d0156b407315776c720"),
        Font("klee-one", "5.3.0", "klee-one-latin-600-normal.woff",
             "289c58df32dc80403d2ddfbd04a88867226ff82a8a6ed64fc4c3cb75ba364ef2"),
        Font("yomogi", "5.3.0", "yomogi-latin-400-normal.woff",
             "889ffc6f4e2587b8bd94d0b2c7ddd2f7bb3d89b25be1b6f3290775620a204210"),
        Font("zen-kurenaido", "5.3.0", "zen-kurenaido-latin-400-normal.woff",
             "1e20aeb08f255fbcf0ab5ccd03296d18bbeac3cefdb95e09c5b1676d73ac33b7"),
        Font("hachi-maru-pop", "5.3.0", "hachi-maru-pop-latin-400-normal.woff",
             "2d7996002498478f470f2fe68a5da60dbc00288ab485b6984d67fab7db1a43c1"),
        Font("yusei-magic", "5.3.0", "yusei-magic-latin-400-normal.woff",
             "dd128dd9f4b47b7afee6ea8bfdf2ae3cfca3de957cbef74aaa2484fbddb35630"),
    )),
    "devanagari": Script(0x0966, (
        Font("kalam", "5.3.0", "kalam-devanagari-300-normal.woff",
             "f1ce823f2882cc4266c16b5b30e866d297003f7b99998c12a45d3d4b99d3b90a"),
        Font("kalam", "5.3.0", "kalam-devanagari-400-normal.woff",
             "d7ad7274d07b49ff26e365dc13921f57a56164346f3494f857ae58bc151dfad1"),
        Font("tillana", "5.2.8", "tillana-devanagari-400-normal.woff",
             "3e105c9d5ab14281d21f116d616489ab2419ac9090dc310d1956164ac44a7e6a"),
        Font("tillana", "5.2.8", "tillana-devanagari-500-normal.woff",
             "e2793a609a0ead4c38e24cd8e6401e70cd5fbada2bb31771307d67ed5ea578e1"),
        Font("amita", "5.2.8", "amita-devanagari-400-normal.woff",
             "566cc1e504e84f9001e71326554a6ec37f7b0a00e55306d1bdb7788ba95692f0"),
        Font("dekko", "5.3.0", "dekko-devanagari-400-normal.woff",
             "c7a589963c9708560fe5a135b4ce123354874803520b451d1d07c458857b8466"),
        Font("ranga", "5.2.7", "ranga-devanagari-400-normal.woff",
             "56f8e740df2aaddee05f0c75e9808e3e0d0cbcc4800c75973f7ed2b5dfce9fe4"),
    )),
    "kannada": Script(0x0CE6, (
        Font("akaya-kanadaka", "5.0.8", "akaya-kanadaka-kannada-400-normal.woff",
             "5c08b199e9af111fa7b20e05fe5434864bb0890871a591161bc7ada5fc96c3ba"),
        Font("baloo-tamma-2", "5.3.0", "baloo-tamma-2-kannada-400-normal.woff",
             "5baf60c044623ce1a1ac8aa0f194e4c486533f4733bd2222339a5850feaa0002"),
        Font("hubballi", "5.2.8", "hubballi-kannada-400-normal.woff",
             "e46615fe9eff6debea9f064cd8ded13972e7530d9c5c4ea4a0c21d1ca0a1e0a0"),
        Font("noto-sans-kannada", "5.3.0", "noto-sans-kannada-kannada-200-normal.woff",
             "a8fb6da646712d4224e9434a69992b112bdb97da1254996be470ae8b18621c3a"),
    )),
}
# fmt: on


def font(content: bytes, wanted: Font) -> tuple[bytes, str]:
    """The font file in a package's tarball, and the line that says whose it is.

    Raises:
        KaizenError: the file is not the pinned one, or its licence is another.
    """
    with tarfile.open(fileobj=io.BytesIO(content)) as package:
        try:
            file = cast(IO[bytes], package.extractfile(f"package/files/{wanted.file}")).read()
            licence = cast(IO[bytes], package.extractfile("package/LICENSE")).read().decode()
        except KeyError as error:
            raise KaizenError(f"{wanted.tarball} is not {wanted.package}: {error}") from None
    found = hashlib.sha256(file).hexdigest()
    if found != wanted.sha256:
        raise KaizenError(
            f"{wanted.file} is not that of {wanted.package}: SHA-256 {wanted.sha256} expected, "
            f"{found} found"
        )
    if LICENCE not in " ".join(licence.split()):
        raise KaizenError(f"the licence of {wanted.package} is not the {LICENCE}")
    return file, licence.strip().splitlines()[0]


def drawn(content: bytes, character: str) -> Floats:
    """One character in a font, as large as BOX pixels, in the middle: (CANVAS, CANVAS), 0 to 1."""
    side = BOX * UNIT
    box = _typeface(content, 400).getbbox(character)
    size = 400 * side / max(box[2] - box[0], box[3] - box[1])
    typeface = _typeface(content, size)
    left, top, right, bottom = typeface.getbbox(character)
    page = Image.new("L", (CANVAS, CANVAS), 0)
    place = (CANVAS - left - right) / 2, (CANVAS - top - bottom) / 2
    ImageDraw.Draw(page).text(place, character, font=typeface, fill=255)
    return np.asarray(page) / 255


def _typeface(content: bytes, size: float) -> ImageFont.FreeTypeFont:
    # One character needs no shaping, and what shapes differs between machines.
    return ImageFont.truetype(io.BytesIO(content), size, layout_engine=ImageFont.Layout.BASIC)


def pictures(
    name: str, zero: int, fonts: list[bytes], per_class: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """``per_class`` pictures of each digit, the fonts by turns: images and labels, mixed."""
    images, labels = [], []
    for digit in range(10):
        drawings = [drawn(content, chr(zero + digit)) for content in fonts]
        for number in range(per_class):
            random = np.random.default_rng([zlib.crc32(name.encode()), digit, number])
            images.append(written(drawings[number % len(drawings)], random))
            labels.append(digit)
    return mixed(np.stack(images), np.array(labels, dtype=np.uint8))


def main(arguments: list[str]) -> str:
    """Write the shipped files and return their SHA-256, a line each."""
    if len(arguments) != 1:
        packages = {one.package for script in SCRIPTS.values() for one in script.fonts}
        raise UsageError(
            "expected one argument: the folder in which you have said npm pack "
            + " ".join(sorted(packages))
        )
    said = []
    for name, script in SCRIPTS.items():
        files = []
        for wanted in script.fonts:
            content, owner = font((Path(arguments[0]) / wanted.tarball).read_bytes(), wanted)
            files.append(content)
            said.append(f"{wanted.package} {wanted.file}: {owner}")
        content = packed(*pictures(name, script.zero, files, PER_CLASS))
        write_bytes(FOLDER / f"{name}.npz", content)
        said.append(f"{name} {hashlib.sha256(content).hexdigest()} ({len(content):,} bytes)")
    return "\n".join(said)


if __name__ == "__main__":
    print(main(sys.argv[1:]))
