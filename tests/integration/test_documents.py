"""Documents from a folder to a served model, and the same documents sent to that service."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from kaizen.events.read import read
from usecases.documents.extract import pictures
from usecases.documents.pictures import prepare

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(newcomer: Any) -> Iterator[Any]:
    done = newcomer.kaizen("run", "documents", "--preset", "fast", "--json")
    assert done.code == 0, done.err
    yield done
    newcomer.kaizen("down")


@pytest.fixture(scope="module")
def folder(served: Any, newcomer: Any) -> Path:
    """What the run has generated."""
    (made,) = (newcomer.home.cache / "documents").iterdir()
    return made


def send(served: Any, content: bytes, kind: str = "application/pdf", name: str = "") -> Any:
    headers = {"content-type": kind, "content-disposition": f'attachment; filename="{name}"'}
    return httpx.post(f"{served.json['url']}/predict", content=content, headers=headers, timeout=20)


def test_the_run_goes_on_past_broken_documents_and_says_which(served: Any, newcomer: Any) -> None:
    assert "set aside: document-0001-broken.pdf: " in served.err
    kept = list((newcomer.home.quarantine / "documents").glob("*/document-0001-broken.pdf"))
    assert len(kept) == 1


def test_it_is_better_than_the_commonest_answer(served: Any) -> None:
    # Half of the generated pictures are "other"; the preset is small, and learns something.
    assert served.json["metrics"]["accuracy"] > 0.6


def test_a_picture_in_other_colours_is_answered_alike(served: Any, folder: Path) -> None:
    path = next(path for path in sorted(folder.glob("document-????.pdf")) if _holds_any(path))
    answers = []
    for change in (lambda pixels: pixels, lambda pixels: 255 - pixels):
        buffer = io.BytesIO()
        Image.fromarray(change(pictures(path.read_bytes())[0].pixels)).save(buffer, "PNG")
        (found,) = send(served, buffer.getvalue(), "image/png").json()["predictions"]
        answers.append((found["label"], round(found["confidence"], 2)))
    assert answers[0] == answers[1]


def test_the_service_sees_50_pictures_as_training_did(
    served: Any, folder: Path, newcomer: Any
) -> None:
    data = newcomer.home.datasets / "documents" / served.json["dataset_digest"] / "data.parquet"
    trained = pd.read_parquet(data).set_index("name")["image"]
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("document-????.pdf")):
        answer = send(served, path.read_bytes(), name=path.name)
        assert answer.status_code == 200, answer.text
        found = answer.json()["predictions"]
        assert [row["name"] for row in found] == [
            picture.name(path.stem) for picture in pictures(path.read_bytes())
        ]
        seen |= {row["name"]: row["id"] for row in found}
        if len(seen) >= 50:
            break
    assert len(seen) >= 50
    events = {event["id"]: event for event in read(newcomer.home.events / "documents")}
    for name, event in seen.items():
        assert base64.b64decode(events[event]["inputs"]["array"]) == trained[name], name


def test_a_folder_of_documents_gets_the_answers_the_service_gives(
    served: Any, folder: Path, newcomer: Any, tmp_path: Path
) -> None:
    sent = sorted(folder.glob("document-????.pdf"))[:8]
    (tmp_path / "in").mkdir()
    for path in [*sent, folder / "document-0001-broken.pdf"]:
        (tmp_path / "in" / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "out.jsonl"
    asked = newcomer.kaizen("score", "documents", str(tmp_path / "in"), "--out", str(out), "--json")
    assert (asked.code, asked.json["refused"]) == (0, 1), asked.err
    found = [json.loads(line) for line in out.read_text().splitlines()]
    due = [
        answer
        for path in sent
        for answer in send(served, path.read_bytes(), name=path.name).json()["predictions"]
    ]
    answered = [row for row in found if row["label"] is not None]
    assert [(row["name"], row["label"]) for row in answered] == [
        (row["name"], row["label"]) for row in due
    ]
    assert [row["file"] for row in found if row["label"] is None] == ["document-0001-broken.pdf"]


def test_a_picture_from_a_document_is_answered_as_in_it(served: Any, folder: Path) -> None:
    path = next(path for path in sorted(folder.glob("document-????.pdf")) if _holds_any(path))
    inside = send(served, path.read_bytes()).json()["predictions"][0]
    buffer = io.BytesIO()
    Image.fromarray(pictures(path.read_bytes())[0].pixels).save(buffer, "PNG")
    alone = send(served, buffer.getvalue(), "image/png", "cat.png").json()["predictions"]
    assert len(alone) == 1
    assert alone[0]["name"] == "cat.png"
    assert (alone[0]["label"], alone[0]["confidence"]) == (inside["label"], inside["confidence"])
    assert prepare(np.asarray(Image.open(buffer))).any()


def _holds_any(path: Path) -> bool:
    return bool(pictures(path.read_bytes()))


def test_a_broken_document_is_refused_and_the_next_is_answered(served: Any, folder: Path) -> None:
    whole = min(folder.glob("document-????.pdf")).read_bytes()
    refused = send(served, whole[: len(whole) // 2])
    assert refused.status_code == 400
    assert refused.json()["detail"] == "the PDF is cut off: its end is missing"
    assert send(served, whole).status_code == 200
