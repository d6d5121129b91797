from __future__ import annotations

import hashlib
import io
import re
import tarfile
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.usecase import HasForeign
from kaizen.data.contract import faults
from usecases.digits import foreign, handwriting, render, source
from usecases.digits.model import usecase

SOURCES = tuple(foreign.SHA256)
LINE = np.zeros((handwriting.CANVAS, handwriting.CANVAS))
LINE[24:104, 60:68] = 1
LINE[24:32, 40:68] = 1
"""A one with a flag, its strokes two pixels wide."""


@pytest.fixture(scope="module")
def known() -> set[bytes]:
    return set(source.load(source.Data())["image"])


@pytest.mark.parametrize("name", SOURCES)
def test_the_shipped_digits_from_elsewhere(name: str, known: set[bytes]) -> None:
    rows = usecase.foreign[name]()
    assert rows["label"].value_counts().to_dict() == dict.fromkeys(range(10), render.PER_CLASS)
    assert rows["image"].nunique() == len(rows) == 10 * render.PER_CLASS
    assert not known & set(rows["image"])
    assert faults(rows, usecase.contract())[1] == []
    assert rows["label"].head(100).nunique() == 10, "classes are mixed"


@pytest.mark.parametrize("name", SOURCES)
def test_they_have_the_form_of_mnist(name: str) -> None:
    images = np.stack([np.frombuffer(row, np.uint8) for row in foreign.load(name)["image"]])
    images = images.reshape(-1, 28, 28)
    at = np.arange(28)
    for axis in (1, 2):
        ink = images.sum(axis=3 - axis).astype(float)
        middles = (ink * at).sum(axis=1) / ink.sum(axis=1)
        assert np.abs(middles - 13.5).max() <= 0.7
        sides = (ink > 0).sum(axis=1)
        assert sides.max() == 20
    assert images.max(axis=(1, 2)).min() >= 200


def test_the_use_case_offers_them() -> None:
    assert isinstance(usecase, HasForeign)
    assert tuple(usecase.foreign) == SOURCES == tuple(render.SCRIPTS)


def test_an_unknown_source_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="'japanes': did you mean 'japanese'"):
        foreign.load("japanes")


def test_a_damaged_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray((foreign.FOLDER / "kannada.npz").read_bytes())
    content[1000] ^= 1
    (tmp_path / "kannada.npz").write_bytes(content)
    monkeypatch.setattr(foreign, "FOLDER", tmp_path)
    with pytest.raises(KaizenError, match=r"kannada\.npz is damaged: SHA-256"):
        foreign.load("kannada")
    with pytest.raises(KaizenError, match="cannot read"):
        foreign.load("japanese")


def test_the_provenance_states_fonts_and_digests() -> None:
    text = (foreign.FOLDER / "PROVENANCE.md").read_text()
    for name, digest in foreign.SHA256.items():
        assert digest in text
        assert f"{(foreign.FOLDER / f'{name}.npz').stat().st_size:,} bytes" in text
    for script in render.SCRIPTS.values():
        for font in script.fonts:
            assert f"`{font.file.removesuffix('-normal.woff')}`" in text
            assert font.package in text
    assert render.LICENCE in (foreign.FOLDER / "LICENSE").read_text()


def hand(*seed: int) -> np.ndarray:  # type: ignore[type-arg]
    return handwriting.written(LINE, np.random.default_rng(seed))


def test_one_seed_writes_one_picture() -> None:
    assert np.array_equal(hand(1), hand(1))
    several = {hand(seed).tobytes() for seed in range(20)}
    assert len(several) == 20


@pytest.mark.parametrize("width", [4.0, 10.0, 16.0])
def test_the_pen_is_as_wide_as_asked(width: float) -> None:
    ink = handwriting.stroked(LINE, width, np.random.default_rng(0))
    across = ink[50:90].sum(axis=1)
    assert across.mean() == pytest.approx(width, rel=0.15)
    assert across.std() > 0.1, "it does not press the same everywhere"


def test_nothing_falls_apart_under_a_thin_pen() -> None:
    ink = handwriting.stroked(LINE, 0.5, np.random.default_rng(0))
    assert ink[32:96].max(axis=1).min() > 0.9


def test_ink_is_centred_by_its_mass_in_a_box_of_twenty() -> None:
    ink = np.zeros((100, 60))
    ink[10:90, 30:38] = 1
    ink[10:18, 10:38] = 1
    page = handwriting.centred(ink)
    assert page.dtype == np.uint8
    rows, columns = np.nonzero(page)
    assert np.ptp(rows) + 1 == 20
    assert np.ptp(columns) + 1 == 7
    for axis in (0, 1):
        mass = page.sum(axis=1 - axis)
        assert np.average(np.arange(28), weights=mass) == pytest.approx(13.5, abs=0.51)


def test_a_picture_without_ink_is_refused() -> None:
    with pytest.raises(ValueError, match="no ink"):
        handwriting.centred(np.zeros((50, 50)))


def tarball(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as package:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_a_font_is_taken_with_its_digest_and_licence_only() -> None:
    wanted = render.Font("pen", "1.0.0", "pen.woff", hashlib.sha256(b"glyphs").hexdigest())
    licence = f"Copyright Somebody\n\nunder the {render.LICENCE}.".encode()
    files = {"files/pen.woff": b"glyphs", "LICENSE": licence}
    assert render.font(tarball(**files), wanted) == (b"glyphs", "Copyright Somebody")
    with pytest.raises(KaizenError, match=re.escape("not that of @fontsource/pen@1.0.0: SHA-256")):
        render.font(tarball(**{**files, "files/pen.woff": b"other"}), wanted)
    with pytest.raises(KaizenError, match=r"licence of @fontsource/pen@1\.0\.0 is not"):
        render.font(tarball(**{**files, "LICENSE": b"All rights reserved"}), wanted)
    with pytest.raises(KaizenError, match=r"is not @fontsource/pen@1\.0\.0"):
        render.font(tarball(LICENSE=licence), wanted)


def test_without_a_folder_the_packages_are_named() -> None:
    with pytest.raises(UsageError, match=r"npm pack @fontsource/akaya-kanadaka@5\.0\.8"):
        render.main([])


def test_pictures_follow_from_their_source_digit_and_number() -> None:
    typeface = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    content = typeface.read_bytes()
    images, labels = render.pictures("trial", ord("0"), [content], 2)
    more, names = render.pictures("trial", ord("0"), [content], 3)
    assert sorted(labels.tolist()) == sorted([*range(10), *range(10)])
    known = {(image.tobytes(), label) for image, label in zip(more, names, strict=True)}
    assert {(i.tobytes(), n) for i, n in zip(images, labels, strict=True)} < known
    other = render.pictures("elsewhere", ord("0"), [content], 1)[0]
    assert not {image.tobytes() for image in other} & {image for image, _ in known}


def test_pandas_sees_what_training_data_has() -> None:
    own = source.load(source.Data()).dtypes.to_dict()
    assert all(foreign.load(name).dtypes.to_dict() == own for name in SOURCES)
    assert isinstance(foreign.load("japanese"), pd.DataFrame)
