"""``kaizen alerts``: what is wrong, who sees to it, and whether people can be told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from kaizen.cli import options
from kaizen.cli.output import as_json, columns, line
from kaizen.core.paths import home

if TYPE_CHECKING:
    from kaizen.monitoring.alerts.alert import Alert

_LISTS = "list"


class _ListsUnlessNamed(TyperGroup):
    """``kaizen alerts digits`` lists; ``kaizen alerts ack ID`` is a command of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        plain = [word for word in args if not word.startswith("-")]
        if plain and plain[0] not in self.commands:
            args = [_LISTS, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    no_args_is_help=True,
    cls=_ListsUnlessNamed,
    help="What is wrong with what is served: `kaizen alerts digits`, and who sees to it.",
)


@app.command(_LISTS)
def list_alerts(
    usecase: options.Usecase,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json: options.Json = False,
) -> None:
    """The alerts that are not over, and messages that have not arrived.

    The exit code is 0 whatever there is: read `alerts`. `kaizen alerts USECASE` is short for it.

    Example: `kaizen alerts digits --all`
    """
    from kaizen.core import catalog
    from kaizen.monitoring.alerts.store import AlertStore

    catalog.check(usecase)
    with AlertStore(home()) as store:
        alerts = store.alerts(usecase, every=every)
        unsent = store.outbox.unsent(usecase)
    if json:
        waiting = [
            {
                "id": each.message.id,
                "channel": each.message.channel,
                "attempts": each.attempts,
                "error": each.error,
            }
            for each in unsent
        ]
        shown = [alert.model_dump(mode="json") for alert in alerts]
        as_json({"usecase": usecase, "alerts": shown, "unsent": waiting})
        return
    if alerts:
        columns([("id", "state", "severity", "rule", "version", "since"), *map(_row, alerts)])
        for alert in alerts:
            by = f" ({alert.by}: {alert.why})" if alert.by else ""
            line(f"{alert.id}: {alert.reason}{by}")
    else:
        line("no alerts" if every else "no open alerts; --all shows those that are over")
    for each in unsent:
        why = f": {each.error}" if each.error else ""
        line(f"message {each.message.id} has not reached channel {each.message.channel}{why}")


@app.command()
def ack(
    alert: Annotated[str, typer.Argument(metavar="ID", help="Id of the alert, or its beginning.")],
    by: Annotated[str, typer.Option("--by", help="Who sees to it.")],
    why: Annotated[str, typer.Option("--why", help="What is done, or why it may wait.")],
    json: options.Json = False,
) -> None:
    """Say who sees to an alert: no more messages of it until it is over.

    Example: `kaizen alerts ack 4f0c2b --by ines --why "new clinic, retraining on Monday"`
    """
    from kaizen.monitoring.alerts.manage import acknowledge

    done = acknowledge(home(), alert, by, why, time.time())
    if json:
        as_json(done.model_dump(mode="json"))
    else:
        line(f"{done.id} ({done.usecase}: {done.rule}) is acknowledged by {done.by}")


@app.command("test")
def try_channels(
    usecase: options.Usecase,
    channel: Annotated[
        str | None, typer.Option("--channel", help="This channel alone; default: every one.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Send a test message to each channel, and say whether it went; exit code 1 if one did not.

    Example: `kaizen alerts test digits --channel log`
    """
    from kaizen.core.config import monitoring_rule
    from kaizen.monitoring.alerts.channels import send_test_message

    rule = monitoring_rule(usecase).alerts
    found = send_test_message(home(), usecase, rule, channel, time.time())
    if json:
        went = [{"channel": name, "sent": not why, "error": why} for name, why in found.items()]
        as_json({"usecase": usecase, "channels": went})
    else:
        columns([(name, why or "sent") for name, why in found.items()])
    if any(found.values()):
        raise typer.Exit(1)


@app.command()
def digest(
    usecase: options.Usecase,
    send: Annotated[
        bool,
        typer.Option("--send", help="Send it, too: to channels with a digest, else to every one."),
    ] = False,
    json: options.Json = False,
) -> None:
    """The last seven days: windows judged, alarms, alerts, performance and drift.

    Example: `kaizen alerts digest digits`
    """
    from kaizen.core.config import monitoring_rule
    from kaizen.monitoring.alerts.digest import digest_now

    rule = monitoring_rule(usecase).alerts
    found, unsent = digest_now(home(), usecase, rule, time.time(), send=send)
    if json:
        as_json({**found.model_dump(mode="json"), "markdown": found.markdown, "unsent": unsent})
    else:
        line(found.text)
        for name, why in unsent.items():
            line(f"not sent to {name}, tried again later: {why}")
    if unsent:
        raise typer.Exit(1)


def _row(alert: Alert) -> tuple[str, ...]:
    from kaizen.monitoring.alerts.messages import moment

    version = alert.version or "-"
    return (alert.id, alert.state, alert.severity, alert.rule, version, moment(alert.since))
