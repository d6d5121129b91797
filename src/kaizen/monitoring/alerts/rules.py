"""Alert rules: which of them a window violates, and what follows for their alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kaizen.core.alert_settings import AlarmRule, AlertsRule, Figure, FigureRule, SilenceRule
from kaizen.monitoring.alerts import lifecycle
from kaizen.monitoring.alerts.alert import Alert, JudgedWindow
from kaizen.monitoring.alerts.messages import cooldown
from kaizen.monitoring.alerts.store import AlertStore
from kaizen.monitoring.windows.assessment import Assessment

FIGURES: Mapping[Figure, Callable[[Assessment], float | None]] = {
    "drift.p_value": lambda found: found.drift.p_value,
    "drift.effect": lambda found: found.drift.effect,
    "drift.column_effect": lambda found: max(
        (column.effect for column in found.drift.columns), default=None
    ),
    "performance.value": lambda found: found.performance.value,
    "performance.p": lambda found: found.performance.p,
    "estimate.value": lambda found: found.estimate.value,
    "evidence.strength": lambda found: found.evidence.strength,
    "quality.findings": lambda found: len(found.drift.quality),
    "window.rows": lambda found: found.window.rows,
    "window.late_share": lambda found: found.window.late / max(found.window.rows, 1),
}
"""The figures that rules may name, as read from an assessment; None where unknown."""


def meets(rule: AlarmRule | FigureRule, found: Assessment) -> bool | None:
    """Whether a window violates a rule; None where that is unknown, which changes nothing."""
    if isinstance(rule, FigureRule):
        value = FIGURES[rule.figure](found)
        if value is None:
            return None
        below = rule.below is not None and value < rule.below
        return below or (rule.above is not None and value > rule.above)
    if rule.alarm in found.alarms:
        return True
    return False if _could_tell(rule, found) else None


def _could_tell(rule: AlarmRule, found: Assessment) -> bool:
    """Whether the window would have raised the alarm if there had been reason to.

    A window without labels says nothing about concept drift, and one that could not be compared
    nothing about data and predictions: neither resolves an alert.
    """
    if rule.alarm == "concept":
        return found.performance.state == "measured"
    return rule.alarm == "quality" or found.drift.p_value is not None


def said(rule: AlarmRule | FigureRule, found: Assessment) -> str:
    """Why a window violates the rule, in words."""
    if isinstance(rule, AlarmRule):
        return found.reason
    value = FIGURES[rule.figure](found)
    side = f"below {rule.below:g}" if rule.below is not None else f"above {rule.above:g}"
    return f"{rule.figure} is {value:.4g}, {side}"


def kept(found: Assessment, met: dict[str, bool | None], at: float) -> JudgedWindow:
    """What alerts and the digest keep of an assessment."""
    known = found.performance if found.performance.state == "measured" else found.estimate
    return JudgedWindow(
        version=found.window.version,
        window=found.window.name,
        at=at,
        rows=found.window.rows,
        alarms=found.alarms,
        p=found.drift.p_value,
        effect=found.drift.effect,
        metric=known.metric,
        value=known.value,
        state=known.state,
        met=met,
    )


def apply_rules(
    store: AlertStore, usecase: str, rule: AlertsRule, found: Assessment, now: float
) -> list[Alert]:
    """Inside a transaction, apply every rule to a window.

    A rule counts a window once, and again only where its answer has changed: a window is assessed
    again when its labels have come.

    Returns:
        The alerts that fired, returned or resolved.
    """
    version, window = found.window.version, found.window.name
    before = store.window(usecase, version, window)
    known = before.met if before else {}
    changed: list[Alert] = []
    met: dict[str, bool | None] = {}
    for name, each in rule.watching.items():
        if isinstance(each, SilenceRule):
            continue
        now_met, met[name] = meets(each, found), known.get(name)
        if now_met is not None and now_met != met[name]:
            met[name] = now_met
            changed += _one(store, usecase, rule, name, each, found, now_met, now)
    store.put_window(usecase, kept(found, met, before.at if before else found.at))
    return changed


def _one(
    store: AlertStore,
    usecase: str,
    rule: AlertsRule,
    name: str,
    each: AlarmRule | FigureRule,
    found: Assessment,
    met: bool,
    now: float,
) -> list[Alert]:
    state = store.rule_state(usecase, found.window.version, name)
    alert = store.alert(state.alert) if state.alert else None
    if met:
        after, then = lifecycle.met(
            state,
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
        after, then = lifecycle.not_met(state, alert, resolve_after=rule.resolve_after, at=now)
    store.put_rule_state(after)
    return store.keep(alert, then, now)
