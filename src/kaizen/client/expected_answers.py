"""Questions and the answers due, from files: rows in CSV or JSONL, or a folder of documents."""

from __future__ import annotations

import csv
import json
import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from kaizen.client.comparison import FILE, ROWS, Question
from kaizen.core.errors import KaizenError, UsageError, unknown
from kaizen.core.usecase import Features

ID, POSITION = "id", "row"
"""Columns by which inputs and truth belong together: a name, or the position from 0."""
SUFFIXES = (".csv", ".jsonl")

_Rows = list[tuple[str, dict[str, Any]]]


def questions(features: Features, inputs: Path, truth: Path) -> list[Question]:
    """Every input with the answers due.

    Args:
        features: the use case; its ``Request`` and ``Response`` say what the columns are.
        inputs: rows in a file, or a folder whose files are sent as they are, named by their names.
        truth: rows of the fields of ``Response`` that are to be compared; an empty cell is not.

    Raises:
        UsageError: a file is missing or of another kind, or a column is not known.
        KaizenError: a cell is not what its column needs, or inputs and truth do not belong
            together.
    """
    due: dict[str, list[dict[str, Any]]] = {}
    for name, row in _rows(truth):
        due.setdefault(name, []).append(_typed(features.Response, row, f"{truth.name} {name}"))
    asked = list(_documents(inputs) if inputs.is_dir() else _named_rows(features, inputs))
    if not asked:
        raise KaizenError(f"{inputs} holds nothing to ask")
    names = [question.id for question in asked]
    if lacking := [name for name in names if name not in due]:
        raise KaizenError(_few(lacking, f"{truth} has no answer to"))
    if more := [name for name in due if name not in set(names)]:
        raise KaizenError(_few(more, f"{inputs} does not have"))
    if not inputs.is_dir() and (twice := [name for name in due if len(due[name]) > 1]):
        raise KaizenError(_few(twice, f"{truth} has more than one answer to"))
    return [
        Question(each.id, each.form, each.content, tuple(due[each.id]), (), each.content_type)
        for each in asked
    ]


def _named_rows(features: Features, path: Path) -> Iterator[Question]:
    known = {*features.Request.model_fields, *features.Response.model_fields}
    fields = features.Request.model_fields
    seen: set[str] = set()
    for name, row in _rows(path, keep=frozenset(fields)):
        if name in seen:
            raise KaizenError(f"{path} has two rows {name!r}: {ID} must be unique")
        seen.add(name)
        if other := [column for column in row if column not in known]:
            raise unknown(f"column of {path.name}", other[0], fields)
        content = {column: value for column, value in row.items() if column in fields}
        if path.suffix == ".csv":
            content = _from_text(features.Request, content, f"{path.name} {name}")
        yield Question(name, ROWS, content, ())


def _documents(folder: Path) -> Iterator[Question]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            yield Question(path.name, FILE, path.read_bytes(), (), content_type=kind)


def _rows(path: Path, keep: frozenset[str] = frozenset()) -> _Rows:
    """The rows of a file with their names; columns of names are taken out unless in ``keep``."""
    read = {".csv": _csv, ".jsonl": _jsonl}.get(path.suffix)
    if read is None or not path.is_file():
        raise UsageError(f"{path}: expected a file of rows, {' or '.join(SUFFIXES)}")
    named = []
    try:
        for at, row in enumerate(read(path)):
            name = str(row.get(ID, row.get(POSITION, at)))
            columns = {key: row[key] for key in row if key in keep or key not in (ID, POSITION)}
            named.append((name, columns))
    except UnicodeDecodeError as error:
        raise KaizenError(f"{path} is not UTF-8 text: {error.reason}") from None
    return named


def _csv(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restkey="", strict=True)
        try:
            for row in reader:
                if "" in row or None in row.values():
                    columns = len(reader.fieldnames or ())
                    raise KaizenError(
                        f"{path} line {reader.line_num} does not have {columns} columns"
                    )
                yield row
        except csv.Error as error:
            raise KaizenError(f"{path} line {reader.line_num}: {error}") from None


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                row = json.loads(text)
            except ValueError as error:
                raise KaizenError(f"{path} line {number} is not JSON: {error}") from None
            if not isinstance(row, dict):
                raise KaizenError(f"{path} line {number}: expected an object, found {text[:40]!r}")
            yield row


def _from_text(model: type[BaseModel], row: Mapping[str, str], where: str) -> dict[str, Any]:
    """A row of text as JSON, each cell read as its field needs it."""
    try:
        checked = model.model_validate_strings(row, strict=False)
    except ValidationError as error:
        raise _in_words(error, where) from None
    return checked.model_dump(mode="json")


def _typed(response: type[BaseModel], row: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields of an answer that are stated, as their types have them."""
    due = {}
    for name, value in row.items():
        if name not in response.model_fields:
            raise unknown(f"column of {where.split(maxsplit=1)[0]}", name, response.model_fields)
        if value in ("", None):
            continue
        field: TypeAdapter[Any] = TypeAdapter(response.model_fields[name].annotation)
        try:
            found = (
                field.validate_strings(value)
                if isinstance(value, str)
                else field.validate_python(value)
            )
        except ValidationError as error:
            raise _in_words(error, f"{where}: {name}") from None
        due[name] = field.dump_python(found, mode="json")
    if not due:
        raise KaizenError(
            f"{where} states no answer: expected a value in {', '.join(response.model_fields)}"
        )
    return due


def _in_words(error: ValidationError, where: str) -> KaizenError:
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    return KaizenError(f"{': '.join(filter(None, [where, path]))}: {first['msg']}")


def _few(names: list[str], what: str) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return f"{what} {', '.join(names[:3])}{more}: they belong together by {ID!r} or {POSITION!r}"
