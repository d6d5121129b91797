"""The dead man's switch: no verdict has come for too long."""

from __future__ import annotations

from kaizen.core.alert_settings import AlertsRule, SilenceRule
from kaizen.monitoring.alerts import lifecycle
from kaizen.monitoring.alerts.alert import Alert
from kaizen.monitoring.alerts.messages import cooldown, moment
from kaizen.monitoring.alerts.store import Book

SINCE = "watched since"
"""Name of the setting that holds when a use case was first seen to."""


def watched_since(book: Book, usecase: str, now: float) -> float:
    """When the use case was first seen to; from now on, if that was never."""
    known = book.setting(usecase, SINCE)
    if known is None:
        book.remember(usecase, SINCE, repr(now))
        return now
    return float(known)


def why(
    last_verdict: float | None, last_event: float | None, dead_after_s: float, now: float
) -> str:
    """Which silence it is."""
    verdict = (
        "none was ever given" if last_verdict is None else f"the last at {moment(last_verdict)}"
    )
    if last_event is not None and now - last_event <= dead_after_s:
        return f"events come, the last at {moment(last_event)}, but no verdict: {verdict}"
    event = "none ever came" if last_event is None else f"the last at {moment(last_event)}"
    return f"no events come, {event}, and no verdict: {verdict}"


def check(
    book: Book,
    usecase: str,
    rule: AlertsRule,
    last_verdict: float | None,
    last_event: float | None,
    now: float,
) -> list[Alert]:
    """Inside of a transaction, see whether the use case is silent.

    Args:
        book: where alerts are kept.
        usecase: which.
        rule: who is told what.
        last_verdict: when a window was last judged, None for never.
        last_event: when the newest event was answered, None for never.
        now: seconds since the epoch.

    Returns:
        The alerts that began or ended.
    """
    began = watched_since(book, usecase, now)
    known = [at for at in (last_verdict, *book.newest(usecase).values()) if at is not None]
    last = max(known, default=None)
    since = began if last is None else last
    if now - since <= rule.dead_after_s:
        return end(book, usecase, rule, since, now)
    changed: list[Alert] = []
    for name, each in rule.watching.items():
        if not isinstance(each, SilenceRule):
            continue
        track = book.track(usecase, "", name)
        before = book.alert(track.alert) if track.alert else None
        reason = why(last, last_event, rule.dead_after_s, now)
        if before is not None and before.open:
            # The times in it go on with every tick; which silence it is rarely changes.
            if before.reason.partition(",")[0] == reason.partition(",")[0]:
                continue
            changed += book.keep(before, before.model_copy(update={"reason": reason}), now)
            continue
        track, after = lifecycle.met(
            track,
            before,
            needed=1,
            window=moment(since),
            at=now,
            reason=reason,
            severity=each.severity,
            cooldown_s=cooldown(rule, name),
        )
        book.follow(track)
        changed += book.keep(before, after, now)
    return changed


def end(book: Book, usecase: str, rule: AlertsRule, last_verdict: float, now: float) -> list[Alert]:
    """Inside of a transaction, end silence where a verdict has come; arguments as :func:`check`."""
    if now - last_verdict > rule.dead_after_s:
        return []
    changed: list[Alert] = []
    for alert in book.alerts(usecase):
        if isinstance(rule.watching.get(alert.rule), SilenceRule):
            changed += book.keep(alert, lifecycle.over(alert, now), now)
    return changed


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
