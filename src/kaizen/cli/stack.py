"""``kaizen stack``: where things run."""

from __future__ import annotations

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, columns

app = typer.Typer(help="Where things run.", no_args_is_help=True)


@app.callback()
def stack() -> None:
    """Where things run: one file per stack in `stacks/`."""


@app.command("list")
def list_stacks(json: options.Json = False) -> None:
    """Every stack there is.

    Example: `kaizen stack list`
    """
    from kaizen.orchestration import stacks as orchestration_stacks

    stacks = [
        {"name": name, "description": orchestration_stacks.load(name).description}
        for name in orchestration_stacks.names()
    ]
    if json:
        as_json({"stacks": stacks})
    else:
        columns([(entry["name"], entry["description"]) for entry in stacks])
