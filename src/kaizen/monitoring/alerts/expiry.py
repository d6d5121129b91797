"""Alerts by the clock: silence (the dead man's switch), and alerts that no window will resolve."""

from __future__ import annotations

from kaizen.core.alert_settings import AlertsRule, SilenceRule
from kaizen.monitoring.alerts import lifecycle
from kaizen.monitoring.alerts.alert import Alert
from kaizen.monitoring.alerts.messages import cooldown, moment
from kaizen.monitoring.alerts.store import AlertStore

SINCE = "watched since"
"""Name of the setting that holds since when a use case has been monitored."""


def watched_since(store: AlertStore, usecase: str, now: float) -> float:
    """Since when the use case has been monitored; from now on, if it never was."""
    known = store.setting(usecase, SINCE)
    if known is None:
        store.put_setting(usecase, SINCE, repr(now))
        return now
    return float(known)


def why(
    last_verdict: float | None, last_event: float | None, dead_after_s: float, now: float
) -> str:
    """Why it is silent: nobody asks the model, or nobody judges what it answers."""
    verdict = _last(last_verdict)
    if last_event is not None and now - last_event <= dead_after_s:
        return f"events arrive, {_last(last_event)}, but no verdict: {verdict}"
    return f"no events arrive, {_last(last_event)}, and no verdict: {verdict}"


def _last(at: float | None) -> str:
    return "there never was one" if at is None else f"the last at {moment(at)}"


def check(
    store: AlertStore,
    usecase: str,
    rule: AlertsRule,
    last_verdict: float | None,
    last_event: float | None,
    now: float,
) -> list[Alert]:
    """Inside a transaction, open or close the alerts of silence.

    Args:
        store: where alerts are kept.
        usecase: which.
        rule: the rules and channels.
        last_verdict: when a window was last judged, None for never.
        last_event: when the newest event was answered, None for never.
        now: seconds since the epoch.

    Returns:
        The alerts that began or ended.
    """
    began = watched_since(store, usecase, now)
    known = [at for at in (last_verdict, *store.newest(usecase).values()) if at is not None]
    last = max(known, default=None)
    since = began if last is None else last
    if now - since <= rule.dead_after_s:
        return end(store, usecase, rule, since, now)
    changed: list[Alert] = []
    for name, each in rule.watching.items():
        if not isinstance(each, SilenceRule):
            continue
        state = store.rule_state(usecase, "", name)
        before = store.alert(state.alert) if state.alert else None
        reason = why(last, last_event, rule.dead_after_s, now)
        if before is not None and before.open:
            # The times in it go on with every tick; which silence it is rarely changes.
            if before.reason.partition(",")[0] == reason.partition(",")[0]:
                continue
            changed += store.keep(before, before.model_copy(update={"reason": reason}), now)
            continue
        state, after = lifecycle.met(
            state,
            before,
            needed=1,
            window=moment(since),
            at=now,
            reason=reason,
            severity=each.severity,
            cooldown_s=cooldown(rule, name),
        )
        store.put_rule_state(state)
        changed += store.keep(before, after, now)
    return changed


def end(
    store: AlertStore, usecase: str, rule: AlertsRule, last_verdict: float, now: float
) -> list[Alert]:
    """Inside a transaction, resolve silence when a verdict has come; arguments as :func:`check`."""
    if now - last_verdict > rule.dead_after_s:
        return []
    changed: list[Alert] = []
    for alert in store.alerts(usecase):
        if isinstance(rule.watching.get(alert.rule), SilenceRule):
            changed += store.keep(alert, lifecycle.resolved(alert, now), now)
    return changed


def orphans(store: AlertStore, usecase: str, rule: AlertsRule, now: float) -> list[Alert]:
    """Inside a transaction, resolve alerts of removed rules and of versions no longer judged."""
    newest = store.newest(usecase)
    changed: list[Alert] = []
    for alert in store.alerts(usecase):
        last = newest.get(alert.version, now)
        if alert.rule not in rule.watching:
            why = f"rule {alert.rule} was removed"
        elif now - last > rule.dead_after_s and any(at > last for at in newest.values()):
            why = f"version {alert.version} is no longer judged"
        else:
            continue
        changed += store.keep(alert, lifecycle.resolved(alert, now, why), now)
    return changed
