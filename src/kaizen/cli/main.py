"""The entry of ``kaizen``: sets the environment first, then offers the commands."""

from __future__ import annotations

import sys

from kaizen.core import environment, extras

if sys.platform == "win32":
    sys.exit("kaizen runs on Linux and macOS: on Windows use WSL (`wsl --install`)")
environment.quiet()

import os  # noqa: E402 - the environment is set before anything else is imported
import signal  # noqa: E402
import traceback  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Annotated, NoReturn  # noqa: E402

import typer  # noqa: E402

from kaizen import __version__  # noqa: E402
from kaizen.cli import (  # noqa: E402
    alerts,
    compact,
    doctor,
    events,
    gallery,
    gc,
    image,
    init,
    keys,
    label,
    logs,
    monitor,
    new,
    registry,
    replay,
    report,
    run,
    score,
    serve,
    simulate,
    stack,
    sweep,
    traffic,
    ui,
    verify,
)
from kaizen.cli.opening import guard  # noqa: E402
from kaizen.cli.output import error  # noqa: E402
from kaizen.core.errors import KaizenError  # noqa: E402
from kaizen.core.paths import home  # noqa: E402
from kaizen.core.project import VARIABLE  # noqa: E402

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
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            metavar="DIR",
            envvar=VARIABLE,
            help="The project; without it, the one that this folder lies in.",
        ),
    ] = None,
) -> None:
    """The loop that keeps a machine-learning model good.

    Start with `kaizen run digits`.
    """
    if project is not None:
        os.environ[VARIABLE] = str(project.absolute())


_GROUPS = (
    init, new, run, sweep, score, serve, monitor, traffic, replay, verify, simulate, image, doctor,
    gc, logs, events, label, report, gallery, compact, registry, ui,
)  # fmt: skip
for group in _GROUPS:
    group.add(app)
app.add_typer(stack.app, name="stack")
app.add_typer(keys.app, name="keys")
app.add_typer(alerts.app, name="alerts")
guard(app)


INTERRUPTED = 130
"""How Typer ends after Ctrl-C."""


def main() -> None:
    """Run the command line; whatever goes wrong ends in one line and a stable exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = app(prog_name="kaizen", standalone_mode=False)
    except KaizenError as problem:
        _end(str(problem), problem.exit_code)
    except typer.TyperException as problem:
        _end(_wrong_word(problem), problem.exit_code)
    except Exception as problem:
        known = extras.of_error(problem)
        _end(str(known) if known else _unforeseen(problem), KaizenError.exit_code)
    if code == INTERRUPTED:
        error("stopped", json_too="--json" in sys.argv)
        # A thread in the middle of a training cannot be interrupted, and Python would wait for it.
        os._exit(1)
    sys.exit(code)


def _end(message: str, code: int) -> NoReturn:
    if message:
        error(message, json_too="--json" in sys.argv)
    sys.exit(code)


def _wrong_word(problem: typer.TyperException) -> str:
    """What Typer says of a wrong option or argument, in one line; "" where it has shown help."""
    said = " ".join(problem.format_message().split()).replace("Value error, ", "")
    context = getattr(problem, "ctx", None)
    return f"{said} (see `{context.command_path if context else 'kaizen'} --help`)" if said else ""


def _unforeseen(problem: Exception) -> str:
    """An error nobody has thought of: one line for the user, its traceback in a log."""
    if isinstance(problem, OSError) and problem.filename:
        reason = f"{problem.filename}: {problem.strerror}"
    else:
        reason = " ".join(f"{type(problem).__name__}: {problem}".split())
    try:
        log = home().logs / "errors.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            traceback.print_exception(problem, file=file)
    except (OSError, KaizenError):
        return f"{reason}; `kaizen doctor` looks for the cause"
    return f"{reason}; `kaizen doctor` looks for the cause (log: {log})"


if __name__ == "__main__":
    main()
