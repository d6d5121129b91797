from __future__ import annotations

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from pictured import ALIKE, SAME, apart, figure
from PIL import Image

from kaizen.core.usecase import InvalidInput, TooLarge
from usecases.documents import extract, generate
from usecases.documents.extract import pictures
from usecases.documents.pictures import prepare


def seen(silhouette: np.ndarray) -> np.ndarray:
    """What is due for :func:`figure` of a silhouette in whatever colours."""
    return prepare(np.asarray(figure(silhouette)))


def drawn(silhouette: np.ndarray, x: float, y: float, side: float = 120):
    return lambda canvas: generate._draw(canvas, silhouette, (x, y), side, 0.0, (200, 40, 40))


def transparent(silhouette: np.ndarray) -> Image.Image:
    image = Image.new("RGBA", (112, 112), "black")
    image.putalpha(figure(silhouette, "white", "black").convert("L"))
    return image


FORMS = {
    "rgb": lambda s: figure(s, "yellow", "navy"),
    "grey": lambda s: figure(s).convert("L"),
    "black and white": lambda s: figure(s).convert("1"),
    "palette": lambda s: figure(s, "red", "blue").quantize(8),
    "cmyk": lambda s: figure(s, "navy", "yellow").convert("CMYK"),
    "transparent": transparent,
}


def test_different_animals_are_apart(plain) -> None:
    prepared = [prepare(silhouette) for silhouette in plain[:4]]
    assert min(apart(a, b) for a, b in combinations(prepared, 2)) > 30


@pytest.mark.parametrize("form", FORMS)
def test_an_embedded_picture_is_found_as_it_was(form, plain, pdf, put) -> None:
    (found,) = pictures(pdf(put(FORMS[form](plain[0]))))
    assert (found.page, found.index) == (1, 1)
    assert found.pixels.shape == (112, 112, 3)
    assert apart(prepare(found.pixels), seen(plain[0])) < (
        ALIKE if form == "black and white" else SAME
    )


def test_cmyk_colours_become_rgb(pdf, put) -> None:
    colours = {"cyan": (255, 0, 0, 0), "black": (0, 0, 0, 255), "white": (0, 0, 0, 0)}
    found = {
        name: pictures(pdf(put(Image.new("CMYK", (8, 8), ink))))[0].pixels.mean(axis=(0, 1))
        for name, ink in colours.items()
    }
    assert found["cyan"][0] < 60
    assert found["cyan"][2] > 150
    assert found["black"].max() < 60
    assert found["white"].min() > 240


def test_a_cmyk_photograph_in_a_form_keeps_its_colours(tmp_path, pdf) -> None:
    path = tmp_path / "cyan.jpg"
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(path)
    (found,) = pictures(pdf(lambda canvas: canvas.drawImage(str(path), 50, 50, 90, 90)))
    red, _, blue = found.pixels.mean(axis=(0, 1))
    assert red < 60
    assert blue > 150


def test_a_drawing_is_found_among_text_rules_and_frames(plain, pdf) -> None:
    def page(canvas) -> None:
        canvas.setFillColorRGB(0.9, 0.9, 0.8)
        canvas.rect(0, 0, 400, 600, stroke=0, fill=1)
        canvas.setFillColorRGB(0, 0, 0)
        canvas.drawString(50, 550, "A cat, perhaps")
        canvas.line(50, 540, 350, 540)
        canvas.rect(90, 150, 220, 200)
        drawn(plain[0], 120, 320)(canvas)

    (found,) = pictures(pdf(page))
    assert apart(prepare(found.pixels), prepare(plain[0])) < ALIKE


def test_every_page_counts_and_pictures_are_numbered_down_the_page(plain, pdf, put) -> None:
    def first(canvas) -> None:
        put(figure(plain[2]), 250, 300)(canvas)
        put(figure(plain[1]), 50, 300)(canvas)
        drawn(plain[0], 50, 560)(canvas)

    content = pdf(
        first, lambda canvas: canvas.drawString(50, 50, "no picture"), put(figure(plain[3]))
    )
    found = pictures(content)
    assert [picture.name("a b") for picture in found] == [
        "a b_page1_index1.png", "a b_page1_index2.png", "a b_page1_index3.png",
        "a b_page3_index1.png",
    ]  # fmt: skip
    for picture, silhouette in zip(found, plain, strict=False):
        assert apart(prepare(picture.pixels), prepare(silhouette)) < ALIKE


def test_pictures_inside_forms_are_found_where_they_lie(plain, pdf, put) -> None:
    def page(canvas) -> None:
        canvas.beginForm("both")
        put(figure(plain[0]), 0, 0)(canvas)
        drawn(plain[1], 150, 80, 90)(canvas)
        canvas.endForm()
        canvas.translate(60, 300)
        canvas.doForm("both")

    found = pictures(pdf(page))
    assert len(found) == 2
    assert apart(prepare(found[0].pixels), seen(plain[0])) < SAME
    assert apart(prepare(found[1].pixels), prepare(plain[1])) < ALIKE


def test_a_page_is_turned_as_it_says_and_a_picture_is_not_as_it_lies(plain, pdf, put) -> None:
    def turned(canvas) -> None:
        canvas.setPageRotation(90)
        put(figure(plain[0]))(canvas)

    def lying(canvas) -> None:
        canvas.translate(200, 300)
        canvas.rotate(30)
        put(figure(plain[0]), -50, -50)(canvas)

    (found,) = pictures(pdf(turned))
    assert apart(prepare(np.rot90(found.pixels)), seen(plain[0])) < SAME
    (found,) = pictures(pdf(lying))
    assert apart(prepare(found.pixels), seen(plain[0])) < SAME


def test_what_was_generated_is_found_and_named(folder) -> None:
    from usecases.documents import labels

    found = [
        picture.name(path.stem)
        for path in sorted(folder.glob("*.pdf"))
        for picture in pictures(path.read_bytes())
    ]
    assert sorted(found) == sorted(labels.read(folder / "labels.json"))
    assert len(found) > 30


def test_documents_that_cannot_be_read_say_why(pdf, put, plain) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    whole = pdf(put(figure(plain[0])))
    secret = pdf(put(figure(plain[0])), encrypt=StandardEncryption("secret"))
    for content, reason in {
        b"": "no PDF",
        b"GIF89a" * 100: "no PDF",
        whole[: len(whole) // 2]: "cut off",
        b"%PDF-1.4\n" + b"x" * 500 + b"%%EOF": "damaged",
        secret: "asks for a password",
    }.items():
        with pytest.raises(InvalidInput, match=reason):
            pictures(content)


def test_damage_anywhere_is_refused_or_read_and_never_breaks(folder) -> None:
    random = np.random.default_rng(0)
    whole = (folder / "document-0002.pdf").read_bytes()
    for _ in range(60):
        bent = bytearray(whole)
        for at in random.integers(0, len(bent), 20):
            bent[at] = random.integers(256)
        try:
            found = pictures(bytes(bent))
        except InvalidInput:
            continue
        assert all(picture.pixels.ndim == 3 for picture in found)


def test_too_much_is_refused_before_it_is_unpacked(monkeypatch, pdf, put, plain) -> None:
    with pytest.raises(TooLarge, match="5000 × 5000 pixels"):
        pictures(pdf(put(Image.new("1", (5000, 5000)))))
    one = put(figure(plain[0]))
    monkeypatch.setattr(extract, "MOST_PAGES", 2)
    with pytest.raises(TooLarge, match="3 pages"):
        pictures(pdf(one, one, one))
    monkeypatch.setattr(extract, "MOST_PICTURES", 1)
    with pytest.raises(TooLarge, match="more than 1 pictures"):
        pictures(pdf(one, one))
    monkeypatch.setattr(extract, "MOST_PICTURES", 9)
    monkeypatch.setattr(extract, "MOST_TOTAL", 20_000)
    with pytest.raises(TooLarge, match="20,000 pixels"):
        pictures(pdf(one, one))
    monkeypatch.setattr(extract, "MOST_SHAPES", 3)
    with pytest.raises(TooLarge, match="more than 3 shapes"):
        pictures(pdf(lambda canvas: [canvas.line(0, y, 9, y) for y in range(5)]))


def test_the_command_writes_every_picture_and_names_the_damaged(folder, tmp_path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.pdf").write_bytes((folder / "document-0002.pdf").read_bytes())
    (source / "b.pdf").write_bytes(b"nothing")
    words = [sys.executable, "-m", "usecases.documents.extract", str(source), str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "b.pdf: this is no PDF" in done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    due = {picture.name("a") for picture in pictures((source / "a.pdf").read_bytes())}
    assert names == due
    assert due
