"""``kaizen why``: where a registered version comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(why)


def why(
    model: Annotated[
        str, typer.Argument(help="USECASE@VERSION or USECASE@ALIAS: digits@champion.")
    ],
    json: options.Json = False,
) -> None:
    """What the gate said of a version, and the data, parameters and code it was made from.

    Example: `kaizen why digits@champion`
    """
    from kaizen.registry import lineage
    from kaizen.registry.predictor import parse

    usecase, ref = parse(model)
    story = lineage.why(usecase, ref)
    if json:
        as_json(story)
    else:
        line(lineage.in_words(story))
