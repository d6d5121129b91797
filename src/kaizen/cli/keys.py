"""``kaizen keys``: who may ask the services of this home."""

from __future__ import annotations

from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, columns, line
from kaizen.core.paths import home

app = typer.Typer(no_args_is_help=True, help="API keys: who may ask what is served.")

Name = Annotated[str, typer.Argument(help="Name of the key, for example shop.")]


@app.command()
def create(
    name: Name,
    scope: Annotated[
        str, typer.Option("--scope", help="What it is for: predict, label, or admin for all.")
    ] = "predict",
    json: options.Json = False,
) -> None:
    """Make a key and print it, this once: only its hash is kept.

    Example: `kaizen keys create shop --scope predict`
    """
    from kaizen.server import keyring

    key = keyring.create(home().keys, name, scope)
    if json:
        as_json({"name": name, "scope": scope, "key": key})
        return
    line(key)
    line("keep it: it is not shown again; send it as `authorization: Bearer KEY`")


@app.command("list")
def list_keys(json: options.Json = False) -> None:
    """The keys by name, without the keys themselves.

    Example: `kaizen keys list`
    """
    from kaizen.server import keyring

    keys = keyring.listed(home().keys)
    if json:
        shown = [{"name": k.name, "scope": k.scope, "created": k.created} for k in keys]
        as_json({"keys": shown})
    elif keys:
        columns([("name", "scope", "created"), *((k.name, k.scope, k.created) for k in keys)])
    else:
        line("there is no key: `kaizen keys create NAME` makes one")


@app.command()
def revoke(name: Name, json: options.Json = False) -> None:
    """Turn a key away from now on; running services notice within a second.

    Example: `kaizen keys revoke shop`
    """
    from kaizen.server import keyring

    gone = keyring.revoke(home().keys, name)
    if json:
        as_json({"name": gone.name, "scope": gone.scope, "revoked": True})
    else:
        line(f"{gone.name} is revoked")
