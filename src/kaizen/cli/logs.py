"""``kaizen logs``: what runs, router and services wrote."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.output import as_json, columns, line
from kaizen.core.errors import KaizenError, unknown
from kaizen.core.paths import home


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(logs)


def logs(
    name: Annotated[
        str | None, typer.Argument(help="Name of a log, or how it begins: run-digits, router.")
    ] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many lines.")] = 40,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
    json: options.Json = False,
) -> None:
    """List the logs, or show the end of the newest one whose name begins with NAME.

    Example: `kaizen logs run-digits -n 100`
    """
    files = sorted(home().logs.glob("*.log"), key=lambda path: path.stat().st_mtime)
    if name is None:
        if json:
            as_json({"logs": [{"name": path.stem, "path": str(path)} for path in files]})
        elif files:
            columns([(path.stem, f"{path.stat().st_size / 1024:,.0f} KiB") for path in files])
        else:
            line(f"no logs yet: {options.first_step()}")
        return
    matching = [path for path in files if path.stem.startswith(name)]
    if not matching:
        raise unknown("log", name, [path.stem for path in files])
    chosen = matching[-1]
    tail = _tail(chosen, lines)
    if json:
        as_json({"name": chosen.stem, "path": str(chosen), "lines": tail})
        return
    for text in tail:
        line(text)
    if not tail and not follow:
        line(f"{chosen.stem} is empty")
    if follow:
        _follow(chosen)


def _tail(path: Path, count: int) -> list[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        return [text.rstrip("\n") for text in deque(file, maxlen=count)]


def _follow(path: Path) -> None:
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(0, 2)
        while True:
            text = file.readline()
            if text:
                line(text.rstrip("\n"))
            elif not path.exists():
                raise KaizenError(f"{path} is gone: it was rotated away")
            else:
                time.sleep(0.2)
