"""``kaizen label``: what became of predictions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core.errors import UsageError
from kaizen.core.paths import home


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(label)


def label(
    usecase: options.Usecase,
    event: Annotated[
        str | None, typer.Argument(help="Id of a prediction, as in its answer.")
    ] = None,
    value: Annotated[
        str | None, typer.Argument(metavar="LABEL", help="What is true of it, for example 7.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="A table of labels, .csv or .jsonl: columns event, label."),
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Where they are from.")] = "import",
    json: options.Json = False,
) -> None:
    """Say what was true of a prediction. The latest label wins; repeating one has no effect.

    Rows that are not labels are named and the others stored; the exit code is 1 then.

    Example: `kaizen label digits --file labels.csv`
    """
    from kaizen.core import catalog
    from kaizen.events import labelling

    features = catalog.features(usecase)
    folder = home().events / usecase
    if file is not None and event is None:
        outcome = labelling.record(features, folder, labelling.rows(file), source)
    elif file is None and event is not None and value is not None:
        row = labelling.Row(1, event, value, text=True)
        outcome = labelling.record(features, folder, [row], source)
        if outcome.refused:
            raise UsageError(outcome.reasons[1])
    else:
        raise UsageError("expected an event's id and its label, or --file with a table of them")
    counts = asdict(outcome)
    reasons = counts.pop("reasons")
    if json:
        faults = [{"line": at, "reason": reason} for at, reason in reasons.items()]
        as_json({"usecase": usecase, **counts, "faults": faults})
    else:
        for at, reason in reasons.items():
            line(f"{file}:{at}: {reason}")
        _say(counts)
    if outcome.refused:
        raise typer.Exit(1)


def _say(counts: dict[str, int]) -> None:
    words = {"stored": "stored", "known": "already known", "corrected": "corrected"}
    said = [f"{counts[name]:,} {text}" for name, text in words.items() if counts[name]]
    if counts["refused"]:
        said.append(f"{counts['refused']:,} refused")
    line(", ".join(said) or "no labels in it")
    if counts["unknown_event"]:
        line(f"{counts['unknown_event']:,} of an event that is not in the log: kept until it is")
