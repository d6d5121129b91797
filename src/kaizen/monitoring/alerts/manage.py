"""What follows from a window, and from time that passes: the entry for whoever watches.

Everything that changes is one transaction; then what is due is sent. The same again changes
nothing: a window counts once for each rule, unless what is known of it has changed (labels came).
"""

from __future__ import annotations

from kaizen.core.alert_settings import AlertsRule
from kaizen.core.errors import UsageError, unknown
from kaizen.core.paths import Home
from kaizen.monitoring.alerts import expiry, lifecycle
from kaizen.monitoring.alerts.alert import Alert
from kaizen.monitoring.alerts.digest import weekly
from kaizen.monitoring.alerts.dispatch import dispatch
from kaizen.monitoring.alerts.messages import tell
from kaizen.monitoring.alerts.rules import follow
from kaizen.monitoring.alerts.store import Book
from kaizen.monitoring.windows.assessment import Assessment

KEPT_S = 400 * 86_400.0
"""How long windows and sent messages are remembered."""


def assessed(
    home: Home, usecase: str, rule: AlertsRule, found: Assessment, now: float
) -> list[Alert]:
    """Follow one window, and send what is due.

    Args:
        home: the state folder.
        usecase: whose.
        rule: who is told what.
        found: what was found of the window.
        now: seconds since the epoch.

    Returns:
        The alerts that began, came back or ended with it.
    """
    with Book(home) as book:
        with book.transaction():
            changed = follow(book, usecase, rule, found, now)
            changed += expiry.end(book, usecase, rule, found.at, now)
            tell(book, usecase, rule, now)
        dispatch(home, book, usecase, rule, now)
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
    """See to what time brings: silence, groups that are complete, retries, the weekly digest.

    Args:
        home, usecase, rule, now: as of :func:`assessed`.
        last_assessment_time: when a window was last judged, None for never.
        last_event_time: when the newest event was answered, None for never.
        flush: send groups at once, because nobody will tick again soon.

    Returns:
        The alerts that began, came back or ended with it.
    """
    with Book(home) as book:
        with book.transaction():
            changed = expiry.check(book, usecase, rule, last_assessment_time, last_event_time, now)
            changed += expiry.orphans(book, usecase, rule, now)
            weekly(book, usecase, rule, now)
            tell(book, usecase, rule, now, flush=flush)
            book.forget(usecase, now - KEPT_S)
        dispatch(home, book, usecase, rule, now)
    return changed


def acknowledge(home: Home, name: str, by: str, why: str, now: float) -> Alert:
    """Somebody sees to the alert ``name`` (or that alone begins so): no more messages of it.

    Raises:
        UsageError: there is no such alert, or several; it is over; ``by`` or ``why`` is empty.
    """
    if not by.strip() or not why.strip():
        raise UsageError("expected who sees to it (--by) and why it may wait (--why)")
    with Book(home) as book:
        ids = [alert.id for alert in book.alerts(every=True)]
        begin = [each for each in ids if each.startswith(name)] if name else []
        if len(begin) > 1 and name not in begin:
            raise UsageError(f"{name!r} begins {len(begin)} alerts: {', '.join(begin[:5])}")
        if not begin:
            raise unknown("alert", name, ids)
        with book.transaction():
            alert = book.alert(begin[0])
            if alert is None or not alert.open:
                raise UsageError(f"alert {begin[0]} is over: there is nothing to acknowledge")
            alert = lifecycle.acknowledged(alert, by.strip(), why.strip(), now)
            book.put(alert, f"acknowledged by {alert.by}: {alert.why}", now)
    return alert


def open_alerts(home: Home, usecase: str | None = None) -> list[Alert]:
    """The alerts that are not over, oldest first."""
    with Book(home) as book:
        return book.alerts(usecase)
