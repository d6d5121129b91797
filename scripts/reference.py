"""Writes ``docs/reference.md`` from the command line's own help (``make docs``)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "reference.md"

HEAD = """\
# Commands

Made from the code by `make docs`; edit the docstrings in `src/kaizen/cli/`, not this page. Every
command has `--help`. Exit codes: 0 finished (read `decision`), 1 failed, 2 wrong usage.
"""


def page(app: typer.Typer) -> str:
    """The whole reference as Markdown."""
    commands = list(_leaves(typer.main.get_command(app), "kaizen"))
    rows = [f"| [`{ctx.command_path}`](#{_anchor(ctx)}) | {_first(cmd)} |" for cmd, ctx in commands]
    table = "\n".join(["| command | what it does |", "| --- | --- |", *rows])
    return "\n".join([HEAD, table, "", *(_section(cmd, ctx) for cmd, ctx in commands)])


def _leaves(command: Any, name: str, parent: Any = None) -> Iterator[tuple[Any, Any]]:
    """Every command that does something, with its context, in the order of the help."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    inner = getattr(command, "commands", None)
    if inner is None:
        yield command, context
        return
    for child in command.list_commands(context):
        yield from _leaves(inner[child], child, context)


def _section(command: Any, context: Any) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"## {context.command_path}", "", f"    {usage}", "", _text(command), ""]
    records = [param.get_help_record(context) for param in command.get_params(context)]
    shown = [record for record in records if record is not None and "--help" not in record[0]]
    if shown:
        lines += ["| word | meaning |", "| --- | --- |"]
        lines += [f"| `{_cell(word)}` | {_cell(meaning)} |" for word, meaning in shown]
        lines += [""]
    return "\n".join(lines)


def _text(command: Any) -> str:
    return "\n".join(line.strip() for line in (command.help or "").strip().splitlines())


def _first(command: Any) -> str:
    return _cell(_text(command).partition("\n")[0])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _anchor(context: Any) -> str:
    return str(context.command_path).replace(" ", "-")


def main() -> None:
    """Write the page."""
    from kaizen.cli.main import app

    TARGET.write_text(page(app), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
