"""``kaizen init``: a project of your own, and later what has changed in kaizen's part of it."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, columns, line
from kaizen.core.errors import UsageError

if TYPE_CHECKING:
    from kaizen.cli.project_update import File


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(init)


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Its folder, made if need be; default: this one."),
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Show what has changed in kaizen's own files since; ask."),
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="FILE", help="With --update: take kaizen's FILE."),
    ] = None,
    accept_all: Annotated[
        bool,
        typer.Option(
            "--accept-all", help="With --update: take every file that you have not changed."
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Make a project of your own: pipelines, steps, service and stacks to change as you like.

    What is there already is never overwritten.

    Example: `kaizen init quality-control`
    """
    if update:
        _update(folder, accept or [], every=accept_all, json=json)
    elif accept or accept_all:
        raise UsageError("--accept and --accept-all go with --update")
    else:
        _make(folder or Path(), json=json)


def _make(folder: Path, *, json: bool) -> None:
    from kaizen.cli import project_init

    files = project_init.make(folder)
    if json:
        as_json({"project": str(folder.resolve()), "files": files})
        return
    tops = Counter(path.partition("/")[0] + "/" * ("/" in path) for path in files)
    columns([(f"  {top}", f"{count} files" if count > 1 else "") for top, count in tops.items()])
    line()
    line(f"{folder.resolve()} is a kaizen project now. Next:")
    line()
    if folder.resolve() != Path.cwd():
        line(f"  cd {shlex.quote(str(folder))}")
    line("  kaizen new quality     # a use case with made-up data, to be made your own")
    line("  kaizen run quality     # train, judge, serve")


def _update(folder: Path | None, accept: list[str], *, every: bool, json: bool) -> None:
    from kaizen.cli import project_update
    from kaizen.core import project

    root = (project.at(folder) if folder else project.current()).root
    files = project_update.compare(root)
    taken = project_update.chosen(files, accept, every=every)
    if not (taken or json):
        taken = _asked(files, interactive=sys.stdin.isatty() and not (accept or every))
    project_update.take(root, files, taken)
    paths = [file.path for file in taken]
    if json:
        states = [{"path": file.path, "state": file.state, "by": file.by} for file in files]
        as_json({"project": str(root), "files": states, "taken": paths})
        return
    for path in paths:
        line(f"taken: {path}")
    _tell([file for file in files if file not in taken])


def _asked(files: list[File], *, interactive: bool) -> list[File]:
    """What the user takes of the files shown; nothing where nobody can be asked."""
    accepted = []
    for file in files:
        if not file.asked:
            continue
        for text in file.diff():
            line(_coloured(text))
        yours = ", and you have changed it: yours is lost then" if not file.safe else ""
        if interactive and typer.confirm(f"take kaizen's {file.path}{yours}?"):
            accepted.append(file)
        line()
    return accepted


def _tell(files: list[File]) -> None:
    """What was left as it is, and how to take it."""
    kept = [file.path for file in files if file.by and not file.asked]
    open_ = [file for file in files if file.asked]
    if kept:
        line(f"yours, and kept: {', '.join(kept)}")
    for file in open_:
        both = ", which you have changed too" if not file.safe else ""
        line(f"left: {file.path}{both} (`kaizen init --update --accept {shlex.quote(file.path)}`)")
    if any(file.safe for file in open_):
        line("`kaizen init --update --accept-all` takes all that you have not changed")
    if not open_:
        line("nothing else has changed in kaizen's files")


def _coloured(text: str) -> str:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return typer.style(text, fg=colours.get(text[:1])) if sys.stdout.isatty() else text
