"""Where the documents come from: generated ones, or a folder of the user's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pandas as pd
from pydantic import Field, model_validator

from kaizen.core.config import Frozen
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home, home
from kaizen.core.usecase import InvalidInput
from kaizen.data import quarantine
from kaizen.data.digest import file_digest
from kaizen.data.faults import BadData, Fault
from kaizen.data.folders import publish
from usecases.documents import labels
from usecases.documents.extract import pictures
from usecases.documents.pictures import prepare
from usecases.documents.silhouettes import PACKAGED_SHA256

LABELS = "labels.json"
COLUMNS = ("document", "page", "index", "name", "image", "label")
_NAMED = 3


class Data(Frozen):
    """Where the documents come from.

    Attributes:
        path: a folder of PDF files of your own; None generates documents.
        labels: the labels of their pictures; ``labels.json`` in that folder where it is None.
        seed: of the generated documents.
        documents: how many are generated; None until every silhouette is in one.
        broken: share of generated documents that a broken one follows.
    """

    path: Path | None = None
    labels: Path | None = None
    seed: int = Field(0, ge=0)
    documents: int | None = Field(None, ge=1)
    broken: float = Field(0.02, ge=0, le=1)

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.labels is not None and self.path is None:
            raise ValueError("labels are those of your own documents: give their path too")
        return self


def fingerprint(data: Data) -> str:
    """Identity of the source, without opening a document."""
    if data.path is None:
        return f"generated:{_recipe(data)}"
    files = {path.name: file_digest(path) for path in _documents(data.path)}
    files[""] = file_digest(data.labels or data.path / LABELS)
    return f"folder:{hashlib.sha256(json.dumps(files).encode()).hexdigest()}"


def load(data: Data) -> pd.DataFrame:
    """One row per labelled picture: ``document`` (file name without ``.pdf``), ``page`` and
    ``index`` (from 1), ``name``, ``image`` (1024 bytes as the model is fed), ``label``.

    What is set aside is told in ``attrs["set_aside"]``, one sentence each: documents that cannot
    be read, which are quarantined, and pictures without a label.

    Raises:
        KaizenError: folder or labels are missing.
        BadData: the labels are damaged, or no document has a labelled picture.
    """
    folder = data.path or generated(data, home())
    known = labels.read(data.labels or folder / LABELS)
    rows, aside = _rows(folder, known)
    if not rows:
        reason = f"{folder} has no PDF file with a labelled picture"
        raise BadData("documents data", [Fault("empty", "; ".join([reason, *aside]))])
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"page": "int64", "index": "int64"})
    # As the step's own frame is read back: without this a text column would be another type.
    frame["image"] = frame["image"].astype(object)
    frame.attrs["set_aside"] = aside
    return frame


def generated(data: Data, state: Home) -> Path:
    """The folder of the generated documents and their labels, made where it is not there."""
    folder = state.cache / "documents" / _recipe(data)[:16]

    def fill(inside: Path) -> None:
        from usecases.documents import generate

        known: dict[str, str] = {}
        for document in generate.documents(data.seed, data.documents, data.broken):
            (inside / document.name).write_bytes(document.content)
            known |= document.labels
        labels.write(inside / LABELS, known)

    publish(folder, fill)
    return folder


def _recipe(data: Data) -> str:
    from usecases.documents.generate import VERSION

    recipe = [PACKAGED_SHA256, VERSION, data.seed, data.documents, data.broken]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()


def _documents(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise KaizenError(f"data.path {folder} is no folder: expected one of PDF files")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".pdf")


def _rows(
    folder: Path, known: Mapping[str, str]
) -> tuple[list[tuple[str, int, int, str, bytes, str]], list[str]]:
    """A row per labelled picture, and a sentence for each thing left out."""
    rows = []
    aside: list[str] = []
    bare: list[str] = []
    for path in _documents(folder):
        try:
            found = pictures(path.read_bytes())
        except (InvalidInput, OSError) as error:
            aside.append(_set_aside(path, str(error)))
            continue
        for picture in found:
            name = picture.name(path.stem)
            if name in known:
                image = prepare(picture.pixels).tobytes()
                rows.append((path.stem, picture.page, picture.index, name, image, known[name]))
            else:
                bare.append(name)
    if bare:
        aside.append(f"{len(bare)} pictures have no label: {_few(bare)}")
    if absent := known.keys() - {row[3] for row in rows}:
        aside.append(f"{len(absent)} labels are of no picture: {_few(sorted(absent))}")
    return rows, aside


def _set_aside(path: Path, reason: str) -> str:
    if path.is_file():
        quarantine.keep_file("documents", path, [Fault("encoding", f"{path}: {reason}")], home())
    return f"{path.name}: {reason}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
