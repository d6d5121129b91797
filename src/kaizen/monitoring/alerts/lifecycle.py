"""The lifecycle of an alert: when it fires, returns, resolves and notifies. Pure functions.

A rule that is violated by its number of consecutive windows opens an alert; ``resolve_after``
consecutive windows that do not violate it resolve the alert. People are notified when an alert
fires and when it resolves. An alert that returns within its cooldown is the same one; people are
notified of it when the cooldown has passed, if it still fires then.
"""

from __future__ import annotations

from kaizen.core.alert_settings import Severity
from kaizen.monitoring.alerts.alert import Alert, RuleState, name


def met(
    state: RuleState,
    alert: Alert | None,
    *,
    needed: int,
    window: str,
    at: float,
    reason: str,
    severity: Severity,
    cooldown_s: float,
    report: str | None = None,
) -> tuple[RuleState, Alert | None]:
    """After one more window that violates a rule.

    Args:
        state: the rule's, before.
        alert: its newest alert, None where there was none.
        needed: consecutive windows that open one.
        window: name of the window.
        at: when it was judged.
        reason: in words.
        severity, cooldown_s: of the rule.
        report: the window's drift report.

    Returns:
        The state after it, and the alert as it is now, None while there is none.
    """
    row = state.met + 1
    state = state.model_copy(update={"met": row, "quiet": 0})
    seen = {"window": window, "reason": reason, "report": report}
    if alert is not None and alert.open:
        return state, alert.model_copy(update={**seen, "windows": alert.windows + 1})
    if row < needed:
        return state, alert
    if alert is not None and cooling(alert, cooldown_s, at):
        back = {
            "state": "acknowledged" if alert.by else "firing",
            "changed": at,
            "returned": alert.returned + 1,
        }
        return state, alert.model_copy(update={**seen, **back, "windows": alert.windows + row})
    alert = Alert(
        id=name(state.usecase, state.version, state.rule, window),
        usecase=state.usecase,
        version=state.version,
        rule=state.rule,
        severity=severity,
        state="firing",
        since=at,
        changed=at,
        windows=row,
        begun=window,
        window=window,
        reason=reason,
        report=report,
    )
    return state.model_copy(update={"alert": alert.id}), alert


def not_met(
    state: RuleState, alert: Alert | None, *, resolve_after: int, at: float
) -> tuple[RuleState, Alert | None]:
    """After one more window that does not violate a rule; arguments as :func:`met`."""
    quiet = state.quiet + 1
    state = state.model_copy(update={"met": 0, "quiet": quiet})
    if alert is not None and alert.open and quiet >= resolve_after:
        alert = resolved(alert, at)
    return state, alert


def resolved(alert: Alert, at: float, why: str | None = None) -> Alert:
    """The alert, resolved; ``why`` unless quiet windows resolved it."""
    changes = {"state": "resolved", "changed": at} | ({"reason": why} if why else {})
    return alert.model_copy(update=changes)


def acknowledged(alert: Alert, by: str, why: str, at: float) -> Alert:
    """The alert, acknowledged by somebody. One that is resolved stays resolved."""
    state = "acknowledged" if alert.open else alert.state
    return alert.model_copy(update={"state": state, "by": by, "why": why, "changed": at})


def cooling(alert: Alert, cooldown_s: float, now: float) -> bool:
    """Whether its last message is less than its cooldown ago."""
    return alert.told_at is not None and now < alert.told_at + cooldown_s


def needs_notification(alert: Alert) -> bool:
    """Whether people have not been notified of its state yet.

    They are of every alert, also of one that resolved before its group was complete; but not of one
    that returned within its cooldown and resolved again, nor that somebody acknowledged it.
    """
    if alert.state == "resolved":
        return alert.told != "resolved"
    return alert.state == "firing" and alert.told != "firing"


def notify_now(alert: Alert, cooldown_s: float, now: float) -> bool:
    """Whether people are to be notified of it now."""
    late = alert.state == "resolved" or not cooling(alert, cooldown_s, now)
    return needs_notification(alert) and late


def notified(alert: Alert, now: float) -> Alert:
    """The alert after a message of its state was written down.

    The cooldown runs from the message that it fires; the one that it resolved does not prolong it.
    """
    if alert.state == "resolved":
        return alert.model_copy(update={"told": "resolved"})
    return alert.model_copy(update={"told": "firing", "told_at": now})


def group_complete(waiting: list[Alert], group_s: float, now: float) -> bool:
    """Whether the first of the waiting alerts has waited long enough for others.

    Args:
        waiting: alerts of one use case that need a notification now.
        group_s: how long the first of them waits.
        now: seconds since the epoch.
    """
    return bool(waiting) and now >= min(alert.changed for alert in waiting) + group_s
