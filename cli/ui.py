"""``kaizen ui``: the interfaces of ZenML and MLflow, on loopback."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import typer

from cli import options
from cli.output import as_json, line
from kaizen import ports
from kaizen.paths import home


class Interface(StrEnum):
    """What can be opened."""

    zenml = "zenml"
    mlflow = "mlflow"


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(ui)


def ui(
    interface: Annotated[Interface, typer.Argument(help="Which interface.")],
    json: options.Json = False,
) -> None:
    """Open ZenML's or MLflow's own interface on this home, until Ctrl-C.

    Example: `kaizen ui mlflow`
    """
    from stacks import interfaces

    default = {Interface.zenml: 8237, Interface.mlflow: 5000}[interface]
    port = ports.choose(interface.value, default)
    with interfaces.serving(interface.value, port, home()) as server:
        if json:
            as_json({"interface": interface.value, "url": server.url, "pid": server.pid})
        else:
            line(f"{interface.value} at {server.url}, Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            server.wait()
