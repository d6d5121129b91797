"""The paths and the OpenAPI document of each use case are what clients were told.

Nothing is trained: the document follows from a use case's features and the limits of the service.
The documents stand in ``openapi/``; ``RENEW=1`` writes them anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from frozen import held

from kaizen.core import catalog
from kaizen.inference.golden import Golden
from kaizen.server.app import create
from kaizen.server.feedback import Feedback
from kaizen.server.model import Model
from kaizen.server.openapi import document

FOLDER = Path(__file__).with_name("openapi")
LABELS = {"churn": True, "customers": 1, "diabetes": 151.0, "digits": 7, "documents": "cat"}
"""An answer of each, which the example of a label shows."""


def served(name: str, folder: Path, onnx_model: bytes) -> Model:
    """A release of ``name``, whose model is never asked."""
    label = catalog.features(name).label
    (folder / "model.onnx").write_bytes(onnx_model)
    (folder / "golden.json").write_text(Golden([], {}, [{label: LABELS[name]}]).dump())
    about = {
        "usecase": name,
        "model_version": "7",
        "digest": hashlib.sha256(onnx_model).hexdigest(),
        "limits": {"max_body_bytes": 100_000, "max_rows": 100, "timeout_s": 5.0},
    }
    (folder / "metadata.json").write_text(json.dumps(about))
    return Model(folder)


def test_every_use_case_is_described() -> None:
    assert catalog.names() == sorted(LABELS)


@pytest.mark.parametrize("name", LABELS)
def test_the_document_is_what_it_was(name: str, onnx_model: bytes, tmp_path: Path) -> None:
    model = served(name, tmp_path, onnx_model)
    payload = Feedback(model.features, None, most=1, timeout_s=1.0).Payload
    held(FOLDER / f"{name}.json", document(model, payload))


def test_the_paths_are_what_they_were(release: Callable[..., Any], tmp_path: Path) -> None:
    routes: list[Any] = list(create(release(), tmp_path / "events").routes)
    held(FOLDER / "paths.json", {each.path: sorted(each.methods) for each in routes})
