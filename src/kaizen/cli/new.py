"""``kaizen new``: a use case that runs at once, to be made one's own."""

from __future__ import annotations

from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core import project
from kaizen.core.extras import PACKAGE


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(new)


def new(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits, underscores.")],
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="tabular (rows of numbers) or image (a Keras CNN, which "
            "needs kaizen-loop[keras]).",
        ),
    ] = "tabular",
    json: options.Json = False,
) -> None:
    """Write a new use case with made-up data and tests; it runs end to end as it is.

    Example: `kaizen new quality --kind image`
    """
    from kaizen.cli import scaffold

    files = scaffold.write(name, kind)
    if json:
        as_json({"usecase": name, "kind": kind, "files": [str(path) for path in files]})
        return
    for path in files:
        line(f"  {path}")
    line()
    if extras := project.current().extras(name):
        line(f"It needs:         pip install '{PACKAGE}[{','.join(extras)}]'")
    line(f"It runs already:  kaizen run {name}")
    line(f"Its tests:        python -m pytest tests/unit/usecases/test_{name}.py")
    line(f"Now put your data into usecases/{name}/model.py: first load, then contract, then train.")
