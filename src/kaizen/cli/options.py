"""The options that several commands share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Usecase = Annotated[str, typer.Argument(help="Name of a use case, for example digits.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line.")]
Stack = Annotated[
    str,
    typer.Option(
        "--stack", envvar="KAIZEN_STACK", help="Where it runs: a name of `kaizen stack list`."
    ),
]
Preset = Annotated[
    str | None, typer.Option("--preset", help="A preset of the use case's configuration.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one setting: params.alpha=0.4."),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", help="A file of your own to learn from; short for --set data.path=FILE."
    ),
]
File = Annotated[
    Path | None, typer.Option("--config", help="A YAML file laid over the use case's own.")
]
RequirePromotion = Annotated[
    bool, typer.Option("--require-promotion", help="Exit with 1 when the challenger is refused.")
]
Plan = Annotated[
    bool, typer.Option("--plan", help="Say which steps would run and why, and run nothing.")
]
Sweep = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep",
        metavar="NAME=VALUES",
        help="Try every combination first and train with the best: alpha=0.1,0.4,1.",
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(
        "--folds",
        min=2,
        max=20,
        help="Compare candidates by so many folds of the training part; default: by the "
        "validation part, by five folds where there is none.",
    ),
]


def first_step() -> str:
    """What to type where nothing was run yet, by the use cases that the project has."""
    from kaizen.core import catalog

    if names := catalog.names():
        return f"`kaizen run NAME` trains and serves a first model ({', '.join(names)})"
    return "`kaizen new NAME` writes a first use case"
