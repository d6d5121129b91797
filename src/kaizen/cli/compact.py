"""``kaizen compact``: event files that are complete become Parquet."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core.paths import home

if TYPE_CHECKING:
    from kaizen.events.compact import Outcome


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(compact)


def compact(
    usecase: Annotated[
        str | None, typer.Argument(help="Name of a use case; without one, all of them.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Turn complete event files into Parquet, by day (UTC) and model version.

    What is being written to stays as it is. What is older or more than `events.keep_days` and
    `events.max_bytes` keep is removed, the oldest days first. Exit code 1 where a file was refused.

    Example: `kaizen compact digits`
    """
    from kaizen.core import catalog
    from kaizen.events.maintenance import keep_up

    names = catalog.names() if usecase is None else [catalog.check(usecase)]
    outcomes = keep_up(home(), names)
    if json:
        as_json({"usecases": {name: asdict(outcome) for name, outcome in outcomes.items()}})
    else:
        for name, outcome in outcomes.items():
            _say(name, outcome)
    if any(outcome.refused for outcome in outcomes.values()):
        raise typer.Exit(1)


def _say(name: str, outcome: Outcome) -> None:
    line(f"{name}: {outcome.events:,} events of {outcome.files:,} files are Parquet now")
    for file, count in outcome.torn.items():
        line(f"  {file}: set aside, {count:,} of its lines are no events; the others are kept")
    for removed, size in outcome.removed.items():
        line(f"  {removed}: {size / 1e6:,.1f} MB removed, older or more than is kept")
    for file, reason in outcome.refused.items():
        line(f"  {file}: left as it was: {reason}")
