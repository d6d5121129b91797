"""``kaizen score``: a file of rows to a file of answers."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core.paths import home

EVERY_S = 2.0


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(score)


def score(
    model: Annotated[
        str, typer.Argument(help="USECASE (its champion), USECASE@VERSION or USECASE@ALIAS.")
    ],
    source: Annotated[
        Path,
        typer.Argument(help="A file or folder: .csv, .parquet, .jsonl, .npy, documents."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the answers go: .csv, .parquet or .jsonl."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Answer every row of a file, in order, as the service would.

    A row the service would refuse has no answer; FILE.refused.jsonl says which and why. The file
    may be larger than memory.

    Example: `kaizen score diabetes@champion patients.csv --out answers.csv`
    """
    from kaizen.registry import batch, predictor

    chosen = predictor.load(model)
    target = out or batch.default_output(source.absolute(), chosen, home(), datetime.now(UTC))
    done = batch.score(chosen, source, target, _Progress())
    if json:
        as_json(done.model_dump())
        return
    line(
        f"{done.rows:,} rows by {done.usecase} v{done.model_version} in {done.seconds:.1f} s "
        f"({done.rows_per_second:,.0f} a second): {done.output}"
    )
    if done.refused:
        line(f"{done.refused:,} of them refused: {done.refused_file}")


class _Progress:
    """A line now and then on standard error."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()

    def __call__(self, rows: int, refused: int) -> None:
        now = time.monotonic()
        if now - self._last >= EVERY_S:
            self._last = now
            sys.stderr.write(
                f"{rows:,} rows, {refused:,} refused, {rows / (now - self._begun):,.0f} a second\n"
            )
