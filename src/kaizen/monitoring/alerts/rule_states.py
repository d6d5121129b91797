"""What a window means to every rule."""

from __future__ import annotations

from kaizen.core.alert_settings import AlarmRule, AlertsRule, FigureRule, SilenceRule
from kaizen.monitoring.alerts import lifecycle
from kaizen.monitoring.alerts.alert import Alert
from kaizen.monitoring.alerts.judged import kept
from kaizen.monitoring.alerts.notify import cooldown
from kaizen.monitoring.alerts.rules import meets, said
from kaizen.monitoring.alerts.store import Book
from kaizen.monitoring.windows.assessment import Assessment


def follow(
    book: Book, usecase: str, rule: AlertsRule, found: Assessment, now: float
) -> list[Alert]:
    """Inside of a transaction, look at every rule of a window.

    A rule looks at a window once, and again when it is met now and was not, or the other way: a
    window is judged again when its labels have come.

    Returns:
        The alerts that began, came back or ended.
    """
    version, window = found.window.version, found.window.name
    before = book.judged(usecase, version, window)
    known = before.met if before else {}
    changed: list[Alert] = []
    met: dict[str, bool | None] = {}
    for name, each in rule.watching.items():
        if isinstance(each, SilenceRule):
            continue
        now_met, met[name] = meets(each, found), known.get(name)
        if now_met is not None and now_met != met[name]:
            met[name] = now_met
            changed += _one(book, usecase, rule, name, each, found, now_met, now)
    book.judge(usecase, kept(found, met, before.at if before else found.at))
    return changed


def _one(
    book: Book,
    usecase: str,
    rule: AlertsRule,
    name: str,
    each: AlarmRule | FigureRule,
    found: Assessment,
    met: bool,
    now: float,
) -> list[Alert]:
    track = book.track(usecase, found.window.version, name)
    alert = book.alert(track.alert) if track.alert else None
    if met:
        after, then = lifecycle.met(
            track,
            alert,
            needed=each.windows,
            window=found.window.name,
            at=now,
            reason=said(each, found),
            severity=each.severity,
            cooldown_s=cooldown(rule, name),
            report=found.report,
        )
    else:
        after, then = lifecycle.not_met(track, alert, resolve_after=rule.resolve_after, at=now)
    book.follow(after)
    return book.keep(alert, then, now)
