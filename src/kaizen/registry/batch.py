"""Batch scoring: files of any length to a file of answers, by one pinned version.

A row of the input is a row of the output, in order. What the service would refuse has no answer
there and is named, with its reason, in a file beside it. Both appear whole or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from kaizen.core.atomic import replacing, write_bytes
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.core.results import Record
from kaizen.data import blocks, sink
from kaizen.data.blocks import Block, Unreadable
from kaizen.registry.batch_scorer import Answer, Asker, Refused
from kaizen.registry.predictor import Predictor

FILE, ROW = "file", "row"
"""Columns of the output: the file of a folder, and the row's place in it from 0."""
REFUSED, SUMMARY = ".refused.jsonl", ".json"
"""What stands beside the answers, by what is put after their name."""

Report = Callable[[int, int], None]
"""Called with the rows answered and refused so far."""


class Scored(Record):
    """What a batch came to.

    Attributes:
        model_version: who answered.
        source, output: where the rows came from, where their answers are.
        rows: in the input, and so in the output.
        refused: of these without an answer.
        refused_file: which, and why; None where there are none.
        rows_per_second: reading, scoring and writing together.
    """

    usecase: str
    model_version: str
    source: str
    output: str
    rows: int
    refused: int
    refused_file: str | None
    seconds: float
    rows_per_second: float
    finished: str


def default_output(source: Path, predictor: Predictor, home: Home, now: datetime) -> Path:
    """Where the answers go when nobody says: by use case, day, source and version."""
    suffix = source.suffix.lower() if source.suffix.lower() in (".csv", ".jsonl") else ".parquet"
    name = f"{source.stem or 'rows'}-v{predictor.version}{suffix}"
    return home.batches / predictor.usecase / now.date().isoformat() / name


def score(
    predictor: Predictor, source: Path, output: Path, report: Report = lambda *_: None
) -> Scored:
    """Answer every row of ``source`` into ``output``.

    Args:
        source: a file or a folder of them: CSV, Parquet, JSON lines, arrays, and what files the
            use case takes.
        output: by its name CSV, Parquet or JSON lines.

    Raises:
        UsageError: nothing to read, or a column that the use case needs is not there.
        KaizenError: a file cannot be read, or not one row could be answered.
    """
    begun = time.monotonic()
    asker = Asker(predictor)
    media = getattr(predictor.features, "media", None)
    paths = blocks.files(source, media)
    if output.resolve() in [path.resolve() for path in paths]:
        raise UsageError(f"{output} is read from: choose another file for the answers")
    beside = output.with_name(output.name + REFUSED)
    columns = _columns(paths, asker, predictor, foldered=source.is_dir())
    with ExitStack() as stack:
        # Left in the other order: who sees the answers finds the refusals, too.
        write = stack.enter_context(sink.writing(output, columns))
        refusals = stack.enter_context(replacing(beside))
        tally = _Tally()
        for place, block in _numbered(paths, media):
            answers = asker(block)
            tally.add(answers)
            write(list(_rows(block, place, answers)))
            refusals.writelines(_refusals(block, place, answers))
            report(tally.rows, tally.refused)
        if tally.rows == tally.refused:
            raise KaizenError(_hopeless(source, tally))
    if not tally.refused:
        beside.unlink()
    seconds = time.monotonic() - begun
    done = Scored(
        usecase=predictor.usecase,
        model_version=predictor.version,
        source=str(source),
        output=str(output),
        rows=tally.rows,
        refused=tally.refused,
        refused_file=str(beside) if tally.refused else None,
        seconds=round(seconds, 2),
        rows_per_second=round(tally.rows / seconds, 1),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_bytes(output.with_name(output.name + SUMMARY), orjson.dumps(done.model_dump()))
    return done


@dataclass
class _Tally:
    rows: int = 0
    refused: int = 0
    first: Refused | None = None

    def add(self, answers: list[Answer]) -> None:
        found = [each for each in answers if isinstance(each, Refused)]
        self.rows += len(answers)
        self.refused += len(found)
        self.first = self.first or next(iter(found), None)


def _hopeless(source: Path, tally: _Tally) -> str:
    if tally.first is None:
        return f"{source} holds no rows: nothing to score"
    return (
        f"not one of the {tally.rows:,} rows of {source} could be answered; the first: "
        f"{tally.first.field}: {tally.first.reason}"
    )


def _numbered(paths: list[Path], media: blocks.Media | None) -> Iterator[tuple[int, Block]]:
    """The blocks of all files, each with the place of its first row in its file."""
    for path in paths:
        place = 0
        for block in blocks.read(path, media=media):
            if len(block):
                yield place, block
            place += len(block)


def _columns(
    paths: list[Path], asker: Asker, predictor: Predictor, *, foldered: bool
) -> dict[str, str]:
    """The columns of the answers and their kinds: where the row is from, its own, the answer."""
    request = predictor.features.Request
    needed = [name for name, field in request.model_fields.items() if field.is_required()]
    own: dict[str, str] = {}
    for path in paths:
        found = blocks.names(path)
        if found is None:
            continue
        if missing := [name for name in needed if name not in found]:
            raise UsageError(
                f"{path} lacks column {missing[0]!r}: {predictor.usecase} needs "
                f"{', '.join(needed)}; found {', '.join(found[:30]) or 'none'}"
            )
        own.update(dict.fromkeys((each for each in found if each not in asker.names), "own"))
    answer = _kinds(predictor.features.Response.model_json_schema()["properties"])
    if taken := sorted({FILE, ROW, *answer} & own.keys()):
        raise UsageError(f"column {taken[0]!r} of {paths[0]} would be taken by the answers: rename")
    return {**({FILE: "string"} if foldered else {}), ROW: "integer", **own, **answer}


def _kinds(properties: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(schema.get("type", "")) for name, schema in properties.items()}


def _rows(block: Block, place: int, answers: list[Answer]) -> Iterator[dict[str, Any]]:
    for at, answer in enumerate(answers):
        row = block.rows[at] if block.array is None else {}
        own = {} if isinstance(row, Unreadable) else row
        said = {} if isinstance(answer, Refused) else answer.model_dump(mode="json")
        said |= block.about[at] if block.about else {}
        yield {**own, FILE: block.file.name, ROW: place + at, **said}


def _refusals(block: Block, place: int, answers: list[Answer]) -> Iterator[bytes]:
    for at, answer in enumerate(answers):
        if isinstance(answer, Refused):
            row = block.rows[at] if block.array is None else None
            document = {
                FILE: block.file.name,
                ROW: place + at,
                "field": answer.field,
                "reason": answer.reason,
                "found": row.text if isinstance(row, Unreadable) else row,
            }
            yield orjson.dumps(document, default=str, option=orjson.OPT_APPEND_NEWLINE)
