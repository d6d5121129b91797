"""The entry of ``kaizen``: sets the environment first, then offers the commands."""

from __future__ import annotations

from kaizen import environment

environment.apply()

import os  # noqa: E402 - the environment is set before anything else is imported
import signal  # noqa: E402
import sys  # noqa: E402
from typing import Annotated  # noqa: E402

import typer  # noqa: E402

from cli import doctor, events, logs, registry, run, serve, stack, ui  # noqa: E402
from cli.output import error  # noqa: E402
from kaizen import __version__  # noqa: E402
from kaizen.errors import KaizenError  # noqa: E402

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kaizen {__version__}")
        raise typer.Exit


@app.callback()
def kaizen(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """The loop that keeps a machine-learning model good.

    Start with `kaizen run digits`.
    """


for group in (run, serve, doctor, logs, events, registry, ui):
    group.add(app)
app.add_typer(stack.app, name="stack")


INTERRUPTED = 130
"""How Typer ends after Ctrl-C."""


def main() -> None:
    """Run the command line; errors a user can mend end in one line and a stable exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except KaizenError as problem:
        error(str(problem), json_too="--json" in sys.argv)
        sys.exit(problem.exit_code)
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        error("stopped", json_too="--json" in sys.argv)
        # A thread in the middle of a training cannot be interrupted, and Python would wait for it.
        os._exit(1)


if __name__ == "__main__":
    main()
