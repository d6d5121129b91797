"""The digest: a week in one message, with windows, alarms, alerts, performance and drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from kaizen.core.alert_settings import AlertsRule, LogChannel
from kaizen.core.paths import Home
from kaizen.core.results import Record
from kaizen.monitoring.alerts.alert import Alert, JudgedWindow, Message, name
from kaizen.monitoring.alerts.dispatch import dispatch
from kaizen.monitoring.alerts.expiry import watched_since
from kaizen.monitoring.alerts.messages import about, moment, worst
from kaizen.monitoring.alerts.store import AlertStore

WEEK_S = 7 * 86_400.0
_SETTING = "digest"
BACKING_OFF = "its channel backs off after a failure"


class Digest(Record):
    """The digest of one use case between two times.

    Attributes:
        usecase: whose.
        since, until: seconds since the epoch.
        windows, rows: judged.
        alarms: windows by alarm.
        performance: by version: lines of metric, state and how the value went.
        drift: by version: the smallest p, the largest effect.
        alerts: those that began or ended in that time, or were open at its end.
    """

    usecase: str
    since: float
    until: float
    windows: int
    rows: int
    alarms: dict[str, int]
    performance: dict[str, str]
    drift: dict[str, str]
    alerts: tuple[Alert, ...]

    @property
    def title(self) -> str:
        return f"kaizen {self.usecase}: the week until {moment(self.until)[:10]}"

    @property
    def text(self) -> str:
        """For people, plain."""
        return "\n".join(_lines(self, head="{}:", item="  {}"))

    @property
    def markdown(self) -> str:
        """For people, as Markdown."""
        return "\n".join(_lines(self, head="\n**{}**\n", item="- {}"))


def digest(
    usecase: str,
    windows: Sequence[JudgedWindow],
    alerts: Sequence[Alert],
    since: float,
    until: float,
) -> Digest:
    """The digest of ``windows``, oldest first, and of the ``alerts`` that fall into the time."""
    by_version: dict[str, list[JudgedWindow]] = {}
    for window in windows:
        by_version.setdefault(window.version, []).append(window)
    return Digest(
        usecase=usecase,
        since=since,
        until=until,
        windows=len(windows),
        rows=sum(window.rows for window in windows),
        alarms=dict(Counter(alarm for window in windows for alarm in window.alarms)),
        performance={version: _performance(some) for version, some in by_version.items()},
        drift={version: _drift(some) for version, some in by_version.items()},
        alerts=tuple(
            alert
            for alert in alerts
            if alert.since < until and (alert.open or alert.changed >= since)
        ),
    )


def _performance(windows: Sequence[JudgedWindow]) -> str:
    for state in ("measured", "estimated"):
        known = [window for window in windows if window.state == state and window.value is not None]
        if known:
            values = [window.value for window in known if window.value is not None]
            return (
                f"{known[-1].metric} {state} in {len(known)} of {len(windows)} windows: first "
                f"{values[0]:.4g}, last {values[-1]:.4g}, {min(values):.4g} to {max(values):.4g}"
            )
    return "unknown"


def _drift(windows: Sequence[JudgedWindow]) -> str:
    p = [window.p for window in windows if window.p is not None]
    if not p:
        return "not compared"
    effects = [window.effect for window in windows if window.effect is not None]
    largest = f", largest effect {max(effects):.3g}" if effects else ""
    return f"smallest p {min(p):.2g} of {len(p)} windows{largest}"


def _lines(found: Digest, head: str, item: str) -> list[str]:
    alarms = [f"{kind} in {count:,} windows" for kind, count in found.alarms.items()]
    parts = {
        "Alarms": alarms or ["none"],
        "Alerts": [_alert(alert) for alert in found.alerts] or ["none"],
        "Performance": [f"v{version}: {said}" for version, said in found.performance.items()],
        "Drift": [f"v{version}: {said}" for version, said in found.drift.items()],
    }
    when = f"{found.usecase} from {moment(found.since)} to {moment(found.until)}"
    lines = [f"{when}: {found.windows:,} windows judged, {found.rows:,} rows"]
    for title, items in parts.items():
        if items:
            lines += [head.format(title), *(item.format(each) for each in items)]
    return lines


def _alert(alert: Alert) -> str:
    by = f" by {alert.by}" if alert.by else ""
    return f"{about(alert)} ({alert.severity}) {alert.state}{by}, since {moment(alert.since)}"


def messages(found: Digest, rule: AlertsRule, known: str, now: float) -> list[Message]:
    """The digest as messages with the id ``known``: to channels that want digests, else to all."""
    wanted = [name for name, settings in rule.telling.items() if settings.digest]
    return [_message(found, rule, channel, known, now) for channel in wanted or rule.telling]


def _message(found: Digest, rule: AlertsRule, channel: str, known: str, now: float) -> Message:
    plain = isinstance(rule.telling[channel], LogChannel)
    still = [alert for alert in found.alerts if alert.open]
    return Message(
        id=known,
        usecase=found.usecase,
        channel=channel,
        title=found.title,
        body=f"{found.text if plain else found.markdown}\n\nmessage {known}",
        severity=worst(still) if still else "info",
        made=now,
        markdown=not plain,
    )


def digest_between(store: AlertStore, usecase: str, since: float, until: float) -> Digest:
    """The digest of what the store holds of that time."""
    windows = store.windows_between(usecase, since, until)
    return digest(usecase, windows, store.alerts(usecase, every=True), since, until)


def weekly(store: AlertStore, usecase: str, rule: AlertsRule, now: float) -> None:
    """Inside a transaction, write down the digest of the last full week (from Monday, UTC).

    Once, for the channels that want one; there is none of a week before monitoring began.
    """
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = (today - timedelta(days=today.weekday())).timestamp()
    wanted = any(settings.digest for settings in rule.telling.values())
    watched = watched_since(store, usecase, now) < monday
    if not wanted or not watched or store.setting(usecase, _SETTING) == repr(monday):
        return
    found = digest_between(store, usecase, monday - WEEK_S, monday)
    known = name(usecase, "digest", monday)
    store.outbox.post(messages(found, rule, known, now))
    store.put_setting(usecase, _SETTING, repr(monday))


def digest_now(
    home: Home, usecase: str, rule: AlertsRule, now: float, *, send: bool
) -> tuple[Digest, dict[str, str]]:
    """The digest of the last seven days; with ``send``, also why it has not arrived, by channel.

    It is written down before it is sent, so that the monitor tries again what has not arrived.
    """
    with AlertStore(home) as store:
        found = digest_between(store, usecase, now - WEEK_S, now)
        if not send:
            return found, {}
        known = name(usecase, "digest", now)
        with store.transaction():
            store.outbox.post(messages(found, rule, known, now))
        dispatch(home, store, usecase, rule, now)
        unsent = [each for each in store.outbox.unsent(usecase) if each.message.id == known]
    return found, {each.message.channel: each.error or BACKING_OFF for each in unsent}
