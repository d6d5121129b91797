"""``kaizen ui``: the interfaces of ZenML, MLflow and Evidently, on loopback."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core import ports
from kaizen.core.paths import home


class Interface(StrEnum):
    """What can be opened."""

    zenml = "zenml"
    mlflow = "mlflow"
    evidently = "evidently"


DEFAULTS = {Interface.zenml: 8237, Interface.mlflow: 5000, Interface.evidently: 8000}
"""Ports tried first."""


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(ui)


def ui(
    interface: Annotated[Interface, typer.Argument(help="Which interface.")],
    json: options.Json = False,
) -> None:
    """Open ZenML's, MLflow's or Evidently's own interface on this home, until Ctrl-C.

    Example: `kaizen ui mlflow`
    """
    from kaizen.dashboard import web_interfaces

    port = ports.choose(interface.value, DEFAULTS[interface])
    with web_interfaces.serving(interface.value, port, home()) as server:
        if json:
            as_json({"interface": interface.value, "url": server.url, "pid": server.pid})
        else:
            line(f"{interface.value} at {server.url}, Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            server.wait()
