"""Notifications: which alerts become which messages, when, and how they read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from kaizen.core.alert_settings import AlertsRule, Severity
from kaizen.monitoring.alerts import lifecycle
from kaizen.monitoring.alerts.alert import Alert, Message, name
from kaizen.monitoring.alerts.store import AlertStore

WORST: tuple[Severity, ...] = ("critical", "warning", "info")


def moment(at: float) -> str:
    """A time in UTC, for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def worst(alerts: Sequence[Alert]) -> Severity:
    """The worst severity among them."""
    return min((alert.severity for alert in alerts), key=WORST.index)


def about(alert: Alert) -> str:
    """The title of an alert: use case, version and rule."""
    version = f" v{alert.version}" if alert.version else ""
    return f"{alert.usecase}{version}: {alert.rule}"


def message(usecase: str, channel: str, alerts: Sequence[Alert], now: float) -> Message:
    """One message about these alerts; its id follows from them and is the same in every channel."""
    firing = [alert for alert in alerts if alert.state != "resolved"]
    over = [alert for alert in alerts if alert.state == "resolved"]
    titles = [
        f"{word} {', '.join(dict.fromkeys(alert.rule for alert in some))}"
        for word, some in (("alert", firing), ("resolved", over))
        if some
    ]
    told = [f"{alert.id}-{alert.state}-{alert.returned}" for alert in alerts]
    known = name(usecase, *told)
    body = "\n\n".join([*map(_paragraph, firing), *map(_paragraph, over), f"message {known}"])
    return Message(
        id=known,
        usecase=usecase,
        channel=channel,
        title=f"kaizen {usecase}: {'; '.join(titles)}",
        body=body,
        severity=worst(firing) if firing else "resolved",
        made=now,
    )


def _paragraph(alert: Alert) -> str:
    if alert.state == "resolved":
        lasted = f"from {moment(alert.since)} to {moment(alert.changed)}"
        return f"{about(alert)} is resolved ({lasted})\n{alert.reason}\nalert {alert.id}"
    again = f", for the {_ordinal(alert.returned + 1)} time" if alert.returned else ""
    lines = [
        f"{about(alert)} ({alert.severity}) since {moment(alert.since)}{again}",
        alert.reason,
        f"window {alert.window}" if alert.version else "",
        f"report {alert.report}" if alert.report else "",
        f"alert {alert.id}: kaizen alerts ack {alert.id} --by NAME --why TEXT",
    ]
    return "\n".join(filter(None, lines))


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th; but 11th, 12th, 13th."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def post_notifications(
    store: AlertStore, usecase: str, rule: AlertsRule, now: float, *, flush: bool = False
) -> None:
    """Inside a transaction, write down the messages that are due, once their group is complete."""
    waiting = [
        alert
        for alert in store.pending_notifications(usecase)
        if lifecycle.notify_now(alert, cooldown(rule, alert.rule), now)
    ]
    if not lifecycle.group_complete(waiting, 0.0 if flush else rule.group_s, now):
        return
    for channel, settings in rule.telling.items():
        if settings.digest:
            continue
        if mine := [alert for alert in waiting if _concerns(rule, channel, alert)]:
            store.outbox.post([message(usecase, channel, mine, now)])
    for alert in waiting:
        store.put(lifecycle.notified(alert, now), f"told: {alert.state}", now)


def _concerns(rule: AlertsRule, channel: str, alert: Alert) -> bool:
    each = rule.watching.get(alert.rule)
    return each is None or each.channels is None or channel in each.channels


def cooldown(rule: AlertsRule, name: str) -> float:
    """Seconds between two messages of a rule."""
    each = rule.watching.get(name)
    own = each.cooldown_s if each else None
    return rule.cooldown_s if own is None else own
