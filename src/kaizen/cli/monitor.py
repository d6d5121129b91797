"""``kaizen monitor``: is what is served still good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kaizen.cli import options
from kaizen.cli.assessment_view import record, tell
from kaizen.cli.errors import explained, log_of
from kaizen.cli.output import as_json, columns, line, note
from kaizen.core.paths import home

if TYPE_CHECKING:
    from kaizen.core.monitoring_settings import MonitoringRule
    from kaizen.monitoring.windows.assessment import Assessment
    from kaizen.workflows.watch import Watched


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(monitor)


def monitor(
    usecase: options.Usecase,
    version: Annotated[
        str | None,
        typer.Option("--version", help="A version or alias.", show_default="champion"),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on: judge each window as it closes, until Ctrl-C.")
    ] = False,
    history: Annotated[
        int | None,
        typer.Option("--history", "-n", min=1, help="Judge nothing; show the newest so many."),
    ] = None,
    repeat: Annotated[
        str | None,
        typer.Option(
            "--repeat", metavar="WINDOW", help="Judge a window again; 1 if the verdict differs."
        ),
    ] = None,
    settings: options.Settings = None,
    stack: options.Stack = "local",
    json: options.Json = False,
) -> None:
    """Judge what a model was asked and has answered: data, drift, performance.

    Every window of events that is complete and not judged yet is judged; where there is none, what
    has come since is judged as it is. With --follow a line, or with --json an object, for each.

    Example: `kaizen monitor digits --follow --set monitoring.window.rows=200`
    """
    from kaizen.core import catalog
    from kaizen.core.config import monitoring_rule
    from kaizen.orchestration import stacks

    catalog.check(usecase)
    rule = monitoring_rule(usecase, settings or ())
    stacks.load(stack)
    if history is not None:
        _show(usecase, history, json=json)
    elif repeat is not None:
        _repeat(usecase, repeat, stack, json=json)
    elif follow:
        _follow(usecase, version, rule, stack, json=json)
    else:
        _once(usecase, version, rule, stack, json=json)


def _once(
    usecase: str, version: str | None, rule: MonitoringRule, stack: str, *, json: bool
) -> None:
    from kaizen.cli.terminal import watching

    log = log_of(usecase, "monitor")
    with explained(log), watching(log):
        from kaizen.workflows import watch

        found = watch.once(usecase, version, rule, stack=stack)
    if found.undrawn:
        note(found.undrawn)
    if json:
        as_json(_record(found))
        return
    for each in found.assessed:
        tell(each)
    line(found.waiting)


def _record(found: Watched) -> dict[str, Any]:
    last = found.assessed[-1] if found.assessed else None
    return {
        "usecase": found.usecase,
        "version": found.version,
        "judged": len(found.assessed),
        "waiting": found.waiting,
        **record(last),
        "windows": [record(each) for each in found.assessed],
        "seconds": found.seconds,
    }


def _follow(
    usecase: str, version: str | None, rule: MonitoringRule, stack: str, *, json: bool
) -> None:
    from kaizen.cli.terminal import apart

    log = log_of(usecase, "monitor")

    def told(assessment: Assessment) -> None:
        if json:
            as_json(record(assessment))
        else:
            tell(assessment)

    def begun(url: str) -> None:
        if not json:
            line(f"watching {usecase}, metrics at {url}/metrics, Ctrl-C ends it")

    with explained(log), apart(log) as aloud:
        from kaizen.workflows.follow import follow

        follow(usecase, version, rule, stack=stack, told=aloud(told), begun=aloud(begun))


def _repeat(usecase: str, name: str, stack: str, *, json: bool) -> None:
    from kaizen.cli.terminal import watching

    log = log_of(usecase, "monitor")
    with explained(log), watching(log):
        from kaizen.workflows import watch

        found = watch.repeat(usecase, name, stack=stack)
    if json:
        as_json(
            {
                "usecase": usecase,
                "window": name,
                "same": found.same,
                "differences": list(found.differences),
                "was": record(found.was),
                "now": record(found.now),
            }
        )
    else:
        said = "the same verdict" if found.same else "another verdict: "
        line(f"{usecase} {name}: {said}{', '.join(found.differences)}")
    if not found.same:
        raise typer.Exit(1)


def _show(usecase: str, n: int, *, json: bool) -> None:
    from kaizen.monitoring.windows.store import Store

    found = Store(home()).newest(usecase, n)
    if json:
        as_json({"usecase": usecase, "windows": [record(each) for each in found]})
        return
    if not found:
        line(f"no verdict of {usecase} yet: `kaizen monitor {usecase}` makes one")
        return
    columns(
        [("window", "rows", "alarms", "p", "performance", "why")]
        + [
            (
                each.window.name,
                f"{each.window.rows:,}",
                ", ".join(each.alarms) or "-",
                "-" if each.drift.p_value is None else f"{each.drift.p_value:.2g}",
                "-" if each.performance.value is None else f"{each.performance.value:.4g}",
                each.reason,
            )
            for each in found
        ]
    )
