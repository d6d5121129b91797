"""Labels by file name, in the form annotation tools exchange.

    {"annotations": [{"fileName": "a_page1_index1.png", "annotation": {"label": "cat"}}]}

Those of a version of the data set, the newest where none is named, are written by

    python -m usecases.documents.labels OUT.json [DIGEST]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from kaizen.core.atomic import write_text
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import home
from kaizen.data import versions
from kaizen.data.faults import BadData, Fault
from usecases.documents.features import CLASSES


class Annotation(BaseModel):
    """What a person said of a picture; other keys a tool may add are left alone."""

    label: str


class Annotated(BaseModel):
    """A picture and its label."""

    fileName: str  # noqa: N815  the tools' own name
    annotation: Annotation


class Annotations(BaseModel):
    """The file."""

    model_config = ConfigDict(strict=True)

    annotations: list[Annotated]


def read(path: Path) -> dict[str, str]:
    """File name of each picture to its label.

    Raises:
        KaizenError: the file is missing or unreadable.
        BadData: it is no such file, a label is none of the classes, or a picture has two.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KaizenError(f"cannot read the labels in {path}: {error.strerror}") from error
    try:
        entries = Annotations.model_validate_json(content).annotations
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise _bad(path, f"{place}: {first['msg']}") from None
    labels: dict[str, str] = {}
    for entry in entries:
        name, label = entry.fileName, entry.annotation.label
        if label not in CLASSES:
            raise _bad(path, f"{name} is labelled {label!r}: expected {', '.join(CLASSES)}")
        if labels.setdefault(name, label) != label:
            raise _bad(path, f"{name} is labelled both {labels[name]!r} and {label!r}")
    return labels


def write(path: Path, labels: Mapping[str, str]) -> None:
    """Write ``labels``, file name to label, as :func:`read` reads them; in place or not at all."""
    write_text(path, dump(labels))


def dump(labels: Mapping[str, str]) -> str:
    """The file's content; equal for equal labels."""
    entries: list[dict[str, Any]] = [
        {"fileName": name, "annotation": {"label": label}} for name, label in sorted(labels.items())
    ]
    return json.dumps({"annotations": entries}, indent=1)


def main(arguments: list[str]) -> str:
    """Write the labels of a version of the data set; what was written, in words.

    Raises:
        UsageError: there is no such version.
    """
    if len(arguments) not in (1, 2):
        raise UsageError(
            "expected OUT.json, and the digest of a version where it is not the newest"
        )
    known = versions.list_versions("documents", home())
    if not known:
        raise UsageError("there is no version of documents data: kaizen run documents makes one")
    begins = arguments[1] if len(arguments) > 1 else known[-1].digest
    digest = next((one.digest for one in known if one.digest.startswith(begins)), begins)
    frame = versions.load("documents", digest, home())
    write(Path(arguments[0]), dict(zip(frame["name"], frame["label"], strict=True)))
    return f"{len(frame):,} labels of version {digest[:12]} in {arguments[0]}"


def _bad(path: Path, reason: str) -> BadData:
    return BadData(str(path), [Fault("value", f"{path}: {reason}")], path=path)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except KaizenError as error:
        sys.exit(f"error: {error}")
