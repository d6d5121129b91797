"""Which alerts become which messages, and when."""

from __future__ import annotations

from kaizen.core.alert_settings import AlertsRule
from kaizen.monitoring.alerts import lifecycle, messages
from kaizen.monitoring.alerts.alert import Alert
from kaizen.monitoring.alerts.store import Book


def tell(book: Book, usecase: str, rule: AlertsRule, now: float, *, flush: bool = False) -> None:
    """Inside of a transaction, write down messages of what is due, once its group is complete."""
    waiting = [
        alert
        for alert in book.untold(usecase)
        if lifecycle.due(alert, cooldown(rule, alert.rule), now)
    ]
    if not lifecycle.gathered(waiting, 0.0 if flush else rule.group_s, now):
        return
    for channel, settings in rule.telling.items():
        if settings.digest:
            continue
        if mine := [alert for alert in waiting if _concerns(rule, channel, alert)]:
            book.outbox.post([messages.message(usecase, channel, mine, now)])
    for alert in waiting:
        book.put(lifecycle.told(alert, now), f"told: {alert.state}", now)


def _concerns(rule: AlertsRule, channel: str, alert: Alert) -> bool:
    each = rule.watching.get(alert.rule)
    return each is None or each.channels is None or channel in each.channels


def cooldown(rule: AlertsRule, name: str) -> float:
    """Seconds between two messages of a rule."""
    each = rule.watching.get(name)
    own = each.cooldown_s if each else None
    return rule.cooldown_s if own is None else own
