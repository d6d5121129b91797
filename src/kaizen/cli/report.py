"""``kaizen report``: what explains a verdict, as a page."""

from __future__ import annotations

from typing import Annotated

import typer

from kaizen.cli import options
from kaizen.cli.errors import explained, log_of
from kaizen.cli.output import as_json, line
from kaizen.core.errors import KaizenError
from kaizen.core.paths import home


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(report)


def report(
    usecase: options.Usecase,
    window: Annotated[
        str | None,
        typer.Argument(help="Name of a window that was judged.", show_default="the newest"),
    ] = None,
    nightly: Annotated[
        bool, typer.Option("--nightly", help="Of the last day's events, where that is due.")
    ] = False,
    stack: options.Stack = "local",
    json: options.Json = False,
) -> None:
    """Draw a window, or a day, beside the reference: Evidently's pictures under kaizen's verdict.

    Example: `kaizen report digits`
    """
    from kaizen.cli.terminal import watching
    from kaizen.core import catalog, extras
    from kaizen.monitoring.windows.store import Store
    from kaizen.orchestration import stacks

    catalog.check(usecase)
    stacks.load(stack)
    extras.needs("evidently", who="`kaizen report`")
    if window is None and not nightly:
        newest = Store(home()).newest(usecase, 1)
        if not newest:
            raise KaizenError(f"no verdict of {usecase} yet: `kaizen monitor {usecase}` makes one")
        window = newest[0].window.name
    log = log_of(usecase, "report")
    with explained(log), watching(log):
        from kaizen.orchestration import step_zygote
        from kaizen.orchestration.start import activate
        from kaizen.workflows import reports

        step_zygote.ahead()
        activate(stack)
        page = reports.draw(usecase, window) if window else _night(usecase)
    path = home().monitoring / page if page else None
    if json:
        as_json({"usecase": usecase, "window": window, "page": str(path) if path else None})
    else:
        line(f"{path}" if path else f"no nightly report of {usecase} is due")


def _night(usecase: str) -> str:
    from kaizen.core.config import monitoring_rule
    from kaizen.registry import versions
    from kaizen.workflows import reports

    night = reports.due(usecase, monitoring_rule(usecase))
    if night is None:
        return ""
    return reports.nightly(usecase, versions.get(usecase, "champion").version, night)
