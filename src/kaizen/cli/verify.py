"""``kaizen verify``: the live service's answers beside the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kaizen.cli import comparison_view, options
from kaizen.cli.output import as_json
from kaizen.core.errors import unknown
from kaizen.core.paths import home

AT_ONCE = 32


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(verify)


def verify(
    usecase: options.Usecase,
    inputs: Annotated[
        Path, typer.Option("--inputs", help="Rows (.csv, .jsonl), or a folder of documents.")
    ],
    truth: Annotated[
        Path,
        typer.Option("--truth", help="The answers due (.csv, .jsonl), by id, row or position."),
    ],
    limit: comparison_view.Limit = 0.0,
    tolerance: comparison_view.Tolerance = None,
    ignore: comparison_view.Ignore = None,
    json: options.Json = False,
) -> None:
    """Send inputs to the live service and compare its answers with the truth.

    Only the fields that the truth states are compared. The requests are marked as kaizen's own: no
    key is needed, and they are no client's events. Exit code 1 when more answers differ than
    --limit allows.

    Example: `kaizen verify diabetes --inputs rows.csv --truth answers.csv --tolerance 0.5`
    """
    from kaizen.client import http_client
    from kaizen.client.comparison import compare
    from kaizen.client.expected_answers import questions
    from kaizen.core import catalog
    from kaizen.inference.golden import TOLERANCE
    from kaizen.rollout import deployments

    asked = questions(catalog.features(usecase), inputs, truth)
    served = {each.usecase: each.url for each in deployments.status(home())}
    if usecase not in served:
        raise unknown("deployment", usecase, served)
    with http_client.asking(served[usecase], probe=True) as ask:
        found = compare(
            asked,
            ask,
            tolerance=TOLERANCE if tolerance is None else tolerance,
            ignore=ignore or (),
            at_once=AT_ONCE,
        )
    if json:
        as_json({"usecase": usecase, **comparison_view.record(found, limit)})
    else:
        comparison_view.tell(found)
    answered = ", ".join(f"v{version}" for version in found.versions) or "nobody"
    comparison_view.verdict(f"{usecase} {answered}", found, limit, json=json)
