"""Files as they are uploaded, through the parser of the service."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from pictured import SAME, apart, figure
from PIL import Image

from kaizen.inference.parser import Parser
from kaizen.inference.refusal import Refusal
from usecases.documents.features import features
from usecases.documents.pictures import prepare

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"


@pytest.fixture(scope="module")
def parse() -> Parser:
    return Parser(features, max_rows=5)


def coded(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def form(content: bytes, kind: str = PDF, name: str = "file", filename: str = "x.pdf") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
    return f"{head}Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n--b--\r\n"


FORM = "multipart/form-data; boundary=b"


def test_a_document_is_its_pictures_in_order(parse, plain, pdf, put) -> None:
    content = pdf(put(figure(plain[0])), put(figure(plain[1])))
    batch = parse(PDF, content, 'attachment; filename="/tmp/my file.pdf"')
    assert batch.size == 2
    assert batch.about == [
        {"name": "my file_page1_index1.png", "page": 1, "index": 1},
        {"name": "my file_page2_index1.png", "page": 2, "index": 1},
    ]
    inputs = features.decode(batch.columns)["image"]
    for row, (logged, silhouette) in enumerate(zip(batch.logged, plain, strict=False)):
        due = prepare(np.asarray(figure(silhouette)))
        np.testing.assert_array_equal(inputs[row, ..., 0], due)
        assert base64.b64decode(logged["array"]) == due.tobytes()
    again = parse(FORM, form(content))
    assert [about["name"] for about in again.about] == ["x_page1_index1.png", "x_page2_index1.png"]
    np.testing.assert_array_equal(features.decode(again.columns)["image"], inputs)


@pytest.mark.parametrize(("kind", "coding"), [(PNG, "PNG"), (JPEG, "JPEG")])
def test_a_picture_is_one_row(kind, coding, parse, plain) -> None:
    batch = parse(kind, coded(figure(plain[0]), coding))
    assert batch.size == 1
    assert batch.about[0]["name"] == f"picture.{coding.lower()}"
    found = features.decode(batch.columns)["image"][0, ..., 0]
    assert apart(found, prepare(np.asarray(figure(plain[0])))) < SAME


def test_a_cmyk_photograph_and_a_transparent_picture_are_taken(parse, plain) -> None:
    photograph = coded(figure(plain[0], "navy", "yellow").convert("CMYK"), "JPEG")
    see_through = Image.new("RGBA", (112, 112), "black")
    see_through.putalpha(figure(plain[0], "white", "black").convert("L"))
    for kind, content in ((JPEG, photograph), (PNG, coded(see_through))):
        found = features.decode(parse(kind, content).columns)["image"][0, ..., 0]
        assert apart(found, prepare(np.asarray(figure(plain[0])))) < SAME


def test_a_document_without_pictures_has_no_rows(parse, pdf) -> None:
    batch = parse(PDF, pdf(lambda canvas: canvas.drawString(9, 9, "text")))
    assert (batch.size, batch.logged, batch.about) == (0, [], [])
    assert features.decode(batch.columns)["image"].shape == (0, 32, 32, 1)


def test_what_is_refused(parse, plain, pdf, put) -> None:
    picture = coded(figure(plain[0]))
    many = pdf(*[put(figure(silhouette)) for silhouette in plain[:6]])
    for kind, body, status, reason in (
        (PDF, b"%PDF-1.4 nothing", 400, "cut off"),
        (PNG, picture[:200], 400, "damaged"),
        (PNG, b"http://127.0.0.1/x.png", 400, "no PNG"),
        (JPEG, picture, 400, "no JPEG"),
        (PNG, coded(Image.new("1", (4001, 4001))), 413, "4001 × 4001 pixels"),
        (PNG, coded(Image.new("1", (20_000, 20_000))), 413, "pixels"),
        (PDF, many, 413, "at most 5 rows"),
        ("image/gif", picture, 415, "image/png"),
        (FORM, form(picture, "image/gif"), 415, "image/png"),
        (FORM, form(picture, PNG, name="other"), 400, "named 'file'; found 'other'"),
        (FORM, form(picture, PNG)[:-20], 400, "not a form"),
        (FORM, b"nothing", 400, "not a form"),
        ("multipart/form-data", form(picture, PNG), 400, "boundary"),
    ):
        with pytest.raises(Refusal, match=reason) as refusal:
            parse(kind, body)
        assert refusal.value.status == status
        assert refusal.value.field in {*parse.fields, "body", "content-type"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("..\\..\\a.pdf", "a"),
        ("/etc/b.PDF", "b"),
        ("", "document"),
        ("x" * 300 + ".pdf", "x" * 100),
    ],
)
def test_a_clients_name_is_made_harmless(sent, kept, parse, plain, pdf, put) -> None:
    from usecases.documents.upload import document

    file = document(pdf(put(figure(plain[0]))), sent)
    assert file.about[0]["name"] == f"{kept}_page1_index1.png"


def test_use_cases_without_files_take_none() -> None:
    from usecases.digits.features import features as digits

    parse = Parser(digits, max_rows=5)
    assert not parse.is_file(PDF)
    assert not parse.is_file(FORM)
    with pytest.raises(Refusal, match="expected application/json") as refusal:
        parse(PDF, b"%PDF")
    assert refusal.value.status == 415
