"""A service that takes files: a release of the use case documents, its model made by hand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pictured import figure
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

from kaizen.events.read import read
from kaizen.inference.golden import Golden
from kaizen.inference.scorer import Scorer
from kaizen.server.app import create
from usecases.documents import silhouettes
from usecases.documents.features import features
from usecases.documents.pictures import prepare

PDF = {"content-type": "application/pdf"}


def document(*pictures: np.ndarray) -> bytes:
    """One picture a page."""
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.drawString(9, 9, "text")
    for picture in pictures:
        canvas.drawImage(ImageReader(figure(picture)), 50, 50, 90, 90)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def model() -> bytes:
    """Ink of the picture's three thirds to probabilities."""
    weights = np.repeat(np.eye(3, dtype=np.float32), [342, 341, 341], axis=0) / 40_000
    nodes = [
        helper.make_node("Cast", ["image"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["numbers", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["embedding"]),
        helper.make_node("Softmax", ["embedding"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "thirds",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", 32, 32, 1])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3])
            for name in ("probabilities", "embedding")
        ],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([-1, 1024]), "shape"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return silhouettes.load()[0][:5]


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, plain: np.ndarray
) -> Iterator[tuple[TestClient, Path]]:
    folder = tmp_path_factory.mktemp("release")
    content = model()
    rows = [prepare(picture) for picture in plain]
    outputs = Scorer(content)(features.decode({"image": np.stack(rows)}))
    golden = Golden(
        [features.request({"image": row.tobytes()}) for row in rows],
        {name: values.tolist() for name, values in outputs.items()},
        [answer.model_dump(mode="json") for answer in features.respond(outputs)],
    )
    (folder / "model.onnx").write_bytes(content)
    (folder / "golden.json").write_text(golden.dump())
    about = {
        "usecase": "documents",
        "model_version": "3",
        "digest": hashlib.sha256(content).hexdigest(),
        "limits": {"max_body_bytes": 500_000, "max_rows": 4, "timeout_s": 20.0},
    }
    (folder / "metadata.json").write_text(json.dumps(about))
    with TestClient(create(folder, folder / "events")) as client:
        yield client, folder / "events"


def ask(client: TestClient, content: bytes, **headers: str) -> Any:
    return client.post("/predict", content=content, headers={**PDF, **headers})


def test_a_document_is_answered_picture_by_picture(served: Any, plain: np.ndarray) -> None:
    client, events = served
    answer = ask(client, document(*plain[:3]), **{"content-disposition": 'x; filename="a.pdf"'})
    assert answer.status_code == 200
    found = answer.json()["predictions"]
    assert [row["name"] for row in found] == [f"a_page{page}_index1.png" for page in (1, 2, 3)]
    assert [row["id"] for row in found] == [f"{found[0]['id'][:-2]}-{row}" for row in range(3)]
    logged = [event for event in read(events) if event["request"] == found[0]["id"][:-2]]
    for event, row, picture in zip(
        sorted(logged, key=lambda event: event["row"]), found, plain, strict=False
    ):
        sent = base64.b64decode(event["inputs"]["array"])
        assert sent == prepare(np.asarray(figure(picture))).tobytes()
        assert {"id": row["id"], **event["response"]} == row
        # The event alone is enough to ask again.
        again = client.post("/predict", json={"rows": [features.request({"image": sent})]})
        assert again.json()["predictions"][0]["confidence"] == row["confidence"]


def test_a_form_and_a_document_without_pictures(served: Any, plain: np.ndarray) -> None:
    client, _ = served
    sent = {"file": ("b.pdf", document(plain[0]), "application/pdf")}
    found = client.post("/predict", files=sent).json()["predictions"]
    assert [row["name"] for row in found] == ["b_page1_index1.png"]
    empty = ask(client, document())
    assert (empty.status_code, empty.json()["predictions"]) == (200, [])


def test_refusals_are_problems_and_are_counted(served: Any, plain: np.ndarray) -> None:
    client, _ = served
    for content, status in ((b"%PDF-1.4 x", 400), (document(*plain), 413)):
        answer = ask(client, content)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    assert 'field="file",kind="too_large"' in client.get("/metrics").text


def test_the_documentation_names_what_is_taken(served: Any) -> None:
    client, _ = served
    content = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["requestBody"]
    assert {"application/pdf", "image/png", "image/jpeg"} <= content["content"].keys()
    form = content["content"]["multipart/form-data"]
    assert form["schema"]["required"] == ["file"]
    assert "application/pdf" in form["encoding"]["file"]["contentType"]
    assert client.get("/docs").status_code == 200
