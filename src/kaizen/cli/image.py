"""``kaizen image``: a model version as an OCI image."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, line
from kaizen.core.errors import UsageError
from kaizen.core.paths import home


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(image)


def image(
    usecase: options.Usecase,
    version: Annotated[
        str, typer.Argument(help="A version or alias of `kaizen status`.")
    ] = "champion",
    tag: Annotated[
        str | None,
        typer.Option("--tag", help="Name of the image.", show_default="kaizen/USECASE:BENTO"),
    ] = None,
    push: Annotated[
        bool, typer.Option("--push", help="Push it to the registry that --tag names.")
    ] = False,
    base: Annotated[
        str | None,
        typer.Option(
            "--base", help="Image with Python 3.11, pip and venv.", show_default="python:3.11-slim"
        ),
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", help="docker, podman or buildah; the first there is.")
    ] = None,
    context_only: Annotated[
        Path | None,
        typer.Option("--context-only", metavar="FOLDER", help="Write what it is built from there."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Build an OCI image of a model version, from its Bento and its hashed lock.

    Nothing is fetched while it is built. It serves on port 3000 as a user without rights, and its
    root file system may be read-only as long as /tmp is not.

    Example: `kaizen image digits champion --tag registry.example.com/digits:3 --push`
    """
    from kaizen.core import catalog
    from kaizen.core.config import load
    from kaizen.packaging import engines
    from kaizen.packaging import image as images
    from kaizen.registry import versions
    from kaizen.rollout import packaged_version

    catalog.check(usecase)
    if push and tag is None:
        raise UsageError("--push needs --tag: the registry is part of it, REGISTRY/NAME:TAG")
    builder = None if context_only else engines.find(engine)
    number = versions.get(usecase, version).version
    rules = load(usecase)
    release, _ = packaged_version.packaged(usecase, number, rules.serving, rules.events, home())
    name = tag or f"kaizen/{release.tag}"
    done = {"usecase": usecase, "version": number, "bento": release.tag, "tag": name}
    if builder is None:
        assert context_only  # noqa: S101 - no engine was looked for
        file = images.context(release, context_only, home(), base or images.BASE)
        if json:
            as_json({**done, "containerfile": str(file), "id": None, "pushed": False})
        else:
            line(f"{file}: build it with `docker build --file {file} --tag {name} {file.parent}`")
        return
    with tempfile.TemporaryDirectory(dir=home().bentoml, prefix="build-") as temporary:
        file = images.context(release, Path(temporary) / "context", home(), base or images.BASE)
        if not json:
            line(f"{usecase} v{number}: {builder.name} builds {name}")
        found = builder.build(file, name)
    if push:
        builder.push(name)
    if json:
        as_json({**done, "containerfile": None, "id": found, "pushed": push})
    else:
        line(f"{name} is {found}{', and in its registry' if push else ''}")
