"""Alerts that no window will end."""

from __future__ import annotations

from kaizen.core.alert_settings import AlertsRule
from kaizen.monitoring.alerts import lifecycle
from kaizen.monitoring.alerts.alert import Alert
from kaizen.monitoring.alerts.store import Book


def orphans(book: Book, usecase: str, rule: AlertsRule, now: float) -> list[Alert]:
    """Inside of a transaction, end alerts of rules that are gone, of versions judged no more."""
    newest = book.newest(usecase)
    changed: list[Alert] = []
    for alert in book.alerts(usecase):
        last = newest.get(alert.version, now)
        if alert.rule not in rule.watching:
            why = f"there is no rule {alert.rule} any more"
        elif now - last > rule.dead_after_s and any(at > last for at in newest.values()):
            why = f"version {alert.version} is judged no more"
        else:
            continue
        changed += book.keep(alert, lifecycle.over(alert, now, why), now)
    return changed
