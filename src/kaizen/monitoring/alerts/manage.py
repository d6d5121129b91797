"""The entry to alerting: what to do after a window was assessed, and as time passes.

All changes are one transaction; messages are sent after it. Repeating a call changes nothing: a
window counts once for each rule, unless its assessment has changed (labels came).
"""

from __future__ import annotations

from kaizen.core.alert_settings import AlertsRule
from kaizen.core.errors import UsageError, unknown
from kaizen.core.paths import Home
from kaizen.monitoring.alerts import expiry, lifecycle
from kaizen.monitoring.alerts.alert import Alert
from kaizen.monitoring.alerts.digest import weekly
from kaizen.monitoring.alerts.dispatch import dispatch
from kaizen.monitoring.alerts.messages import post_notifications
from kaizen.monitoring.alerts.rules import apply_rules
from kaizen.monitoring.alerts.store import AlertStore
from kaizen.monitoring.windows.assessment import Assessment

KEPT_S = 400 * 86_400.0
"""How long windows and sent messages are remembered."""


def assessed(
    home: Home, usecase: str, rule: AlertsRule, found: Assessment, now: float
) -> list[Alert]:
    """Apply the rules to one assessed window, and send the messages that are due.

    Args:
        home: the state folder.
        usecase: whose.
        rule: the rules and channels.
        found: the assessment of the window.
        now: seconds since the epoch.

    Returns:
        The alerts that fired, returned or resolved.
    """
    with AlertStore(home) as store:
        with store.transaction():
            changed = apply_rules(store, usecase, rule, found, now)
            changed += expiry.end(store, usecase, rule, found.at, now)
            post_notifications(store, usecase, rule, now)
        dispatch(home, store, usecase, rule, now)
    return changed


def tick(
    home: Home,
    usecase: str,
    rule: AlertsRule,
    last_assessment_time: float | None,
    last_event_time: float | None,
    now: float,
    *,
    flush: bool = False,
) -> list[Alert]:
    """What time brings: silence, complete groups, retries, the weekly digest.

    Args:
        home, usecase, rule, now: as of :func:`assessed`.
        last_assessment_time: when a window was last judged, None for never.
        last_event_time: when the newest event was answered, None for never.
        flush: send groups at once, because there is no tick soon.

    Returns:
        The alerts that fired, returned or resolved.
    """
    with AlertStore(home) as store:
        with store.transaction():
            changed = expiry.check(store, usecase, rule, last_assessment_time, last_event_time, now)
            changed += expiry.orphans(store, usecase, rule, now)
            weekly(store, usecase, rule, now)
            post_notifications(store, usecase, rule, now, flush=flush)
            store.forget(usecase, now - KEPT_S)
        dispatch(home, store, usecase, rule, now)
    return changed


def acknowledge(home: Home, name: str, by: str, why: str, now: float) -> Alert:
    """Acknowledge the alert whose id is, or begins with, ``name``: no more messages that it fires.

    Raises:
        UsageError: no alert or several match; it is resolved; ``by`` or ``why`` is empty.
    """
    if not by.strip() or not why.strip():
        raise UsageError("expected who takes care of it (--by) and why it may wait (--why)")
    with AlertStore(home) as store:
        ids = [alert.id for alert in store.alerts(every=True)]
        begin = [each for each in ids if each.startswith(name)] if name else []
        if len(begin) > 1 and name not in begin:
            raise UsageError(f"{name!r} matches {len(begin)} alerts: {', '.join(begin[:5])}")
        if not begin:
            raise unknown("alert", name, ids)
        with store.transaction():
            alert = store.alert(begin[0])
            if alert is None or not alert.open:
                raise UsageError(f"alert {begin[0]} is resolved: there is nothing to acknowledge")
            alert = lifecycle.acknowledged(alert, by.strip(), why.strip(), now)
            store.put(alert, f"acknowledged by {alert.by}: {alert.why}", now)
    return alert


def open_alerts(home: Home, usecase: str | None = None) -> list[Alert]:
    """The alerts that are not resolved, oldest first."""
    with AlertStore(home) as store:
        return store.alerts(usecase)
