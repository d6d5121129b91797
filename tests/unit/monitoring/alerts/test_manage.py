"""From a judged window to the webhook."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from alerting import START, Webhook, judged

from kaizen.core.alert_settings import (
    URL_VARIABLE,
    AlarmRule,
    AlertsRule,
    AppriseChannel,
    FigureRule,
    LogChannel,
)  # fmt: skip
from kaizen.core.errors import UsageError
from kaizen.core.paths import Home
from kaizen.monitoring.alerts.manage import acknowledge, assessed, open_alerts, tick
from kaizen.monitoring.alerts.store import AlertStore
from kaizen.monitoring.windows.assessment import ALARMS

DAY = 86_400.0


def feed(home: Home, rule: AlertsRule, *found, later: float = 0.0) -> list[tuple[str, str]]:
    """Rules and states of the alerts that changed with these windows."""
    return [
        (alert.rule, alert.state)
        for each in found
        for alert in assessed(home, "diabetes", rule, each, each.at + later)
    ]


def log(home: Home) -> list[str]:
    path = home.logs / "alerts.log"
    return path.read_text().splitlines() if path.exists() else []


def test_without_configuration_every_alarm_is_in_the_log(other_home: Home) -> None:
    changed = feed(other_home, AlertsRule(), judged(1, *ALARMS, value=9.0))
    assert changed == [(kind, "firing") for kind in ALARMS]
    (line,) = log(other_home)
    assert all(kind in line for kind in ALARMS)
    assert "critical" in line


def test_the_url_of_the_environment_is_a_channel(
    other_home: Home, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, webhook.url)
    feed(other_home, AlertsRule(), judged(1, "data"))
    (message,) = webhook.all()
    assert message["title"] == "kaizen diabetes: alert data"
    assert "drift in bmi" in message["message"]
    assert message["type"] == "warning"


def test_it_fires_and_resolves(other_home: Home, webhook: Webhook, rule: AlertsRule) -> None:
    pattern = [judged(n, *(["data"] if n < 3 else [])) for n in range(6)]
    assert feed(other_home, rule, *pattern) == [("data", "firing"), ("data", "resolved")]
    first, last = webhook.all()
    assert (first["type"], last["type"]) == ("warning", "success")
    assert "is resolved" in last["message"]
    with AlertStore(other_home) as store:
        (alert,) = store.alerts(every=True)
        said = [change.what.partition(":")[0] for change in store.history(alert.id)]
    assert said == ["firing", "told", "resolved", "told"]
    assert alert.windows == 3


def test_the_same_window_again_does_nothing(other_home: Home, webhook: Webhook) -> None:
    rule = AlertsRule(
        rules={"data": AlarmRule(alarm="data", windows=2)},
        channels={"hook": AppriseChannel(env="HOOK")},
    )
    for _ in range(3):
        assert feed(other_home, rule, judged(1, "data")) == []
    assert feed(other_home, rule, judged(2, "data"), judged(2, "data")) == [("data", "firing")]
    quiet = [judged(3), judged(3), judged(3)]
    assert feed(other_home, rule, *quiet) == []
    assert len(webhook.all()) == 1
    assert len(log(other_home)) == 1


def test_labels_that_come_later_are_looked_at(other_home: Home, rule: AlertsRule) -> None:
    assert feed(other_home, rule, judged(1), judged(2)) == []
    measured = judged(1, "concept", value=9.0, at=START + 5000)
    assert feed(other_home, rule, measured, measured) == [("concept", "firing")]
    unknown = [judged(n) for n in range(3, 9)]
    assert feed(other_home, rule, *unknown) == [], "without labels nobody knows that it is over"
    known = [judged(n, value=1.0) for n in (9, 10)]
    assert feed(other_home, rule, *known) == [("concept", "resolved")]


def test_a_figure_beyond_its_threshold(other_home: Home) -> None:
    low = FigureRule(figure="drift.p_value", below=0.001, windows=2, severity="info")
    lost = FigureRule(figure="performance.value", above=5)
    rule = AlertsRule(rules={"low": low, "lost": lost, "data": None})
    found = [
        judged(1, "data", p=0.0001), judged(2, p=None), judged(3, "data", p=0.0001, value=5.5)
    ]  # fmt: skip
    changed = feed(other_home, rule, *found)
    assert changed == [("low", "firing"), ("lost", "firing")]
    assert {alert.rule: alert.reason for alert in open_alerts(other_home)} == {
        "low": "drift.p_value is 0.0001, below 0.001",
        "lost": "performance.value is 5.5, above 5",
    }


def test_versions_are_followed_apart(other_home: Home, rule: AlertsRule) -> None:
    two = [
        judged(n, *(["data"] if v == "3" else []), version=v) for n in range(4) for v in ("3", "4")
    ]
    assert feed(other_home, rule, *two) == [("data", "firing")]
    (alert,) = open_alerts(other_home)
    assert (alert.version, alert.windows) == ("3", 4)


def test_a_version_that_is_judged_no_more_and_a_rule_that_is_gone(
    other_home: Home, rule: AlertsRule
) -> None:
    own = rule.model_copy(update={"rules": {"mine": AlarmRule(alarm="prediction")}})
    feed(other_home, own, judged(1, "data"), judged(2, "prediction", version="4"))
    later = judged(9, version="4", at=START + 2 * DAY)
    feed(other_home, own, later)
    assert tick(other_home, "diabetes", own, later.at, later.at, later.at + 1)
    left = {(alert.rule, alert.version) for alert in open_alerts(other_home)}
    assert left == {("mine", "4"), ("prediction", "4")}
    tick(other_home, "diabetes", rule, later.at, later.at, later.at + 2)
    assert [alert.rule for alert in open_alerts(other_home)] == ["prediction"]


def test_alerts_within_the_group_are_one_message(other_home: Home, webhook: Webhook) -> None:
    rule = AlertsRule(group_s=30, channels={"hook": AppriseChannel(env="HOOK"), "log": None})
    feed(other_home, rule, judged(1, "data"))
    feed(other_home, rule, judged(2, "data", "prediction", at=START + 70))
    assert webhook.all() == []
    tick(other_home, "diabetes", rule, START + 70, START, START + 89)
    assert webhook.all() == []
    tick(other_home, "diabetes", rule, START + 70, START, START + 90)
    (message,) = webhook.all()
    assert message["title"] == "kaizen diabetes: alert data, prediction"
    feed(other_home, rule, judged(3, "quality", at=START + 200))
    tick(other_home, "diabetes", rule, START + 200, START, START + 201, flush=True)
    assert len(webhook.all()) == 1


def test_rules_have_their_own_channels(other_home: Home, webhook: Webhook) -> None:
    rule = AlertsRule(
        rules={"data": AlarmRule(alarm="data", channels=("log",))},
        channels={"hook": AppriseChannel(env="HOOK")},
    )
    feed(other_home, rule, judged(1, "data", "quality"))
    (message,) = webhook.all()
    assert message["title"] == "kaizen diabetes: alert quality"
    assert "alert quality, data" in log(other_home)[0]


def test_a_channel_that_is_down_holds_up_nobody_and_gets_all_later(
    other_home: Home, webhook: Webhook, rule: AlertsRule
) -> None:
    webhook.status = 503
    feed(other_home, rule, judged(1, "data"), judged(2, "quality"))
    assert webhook.refused == 2, "a minute later it was tried again"
    assert len(log(other_home)) == 2
    with AlertStore(other_home) as store:
        unsent = store.outbox.unsent("diabetes")
    assert [each.message.channel for each in unsent] == ["hook", "hook"]
    assert unsent[-1].error == "HOOK: JSON answered 503"
    now = START + 120.0
    for second in range(8):
        tick(other_home, "diabetes", rule, now, now, now + second)
    assert webhook.refused == 2, "it is left alone for ten seconds after the second failure"
    tick(other_home, "diabetes", rule, now, now, now + 10)
    assert webhook.refused == 3
    webhook.status = 200
    tick(other_home, "diabetes", rule, now, now, now + 60)
    titles = [message["title"] for message in webhook.all()]
    assert sorted(titles) == ["kaizen diabetes: alert data", "kaizen diabetes: alert quality"]
    tick(other_home, "diabetes", rule, now, now, now + 120)
    assert webhook.all() == []
    assert len(log(other_home)) == 2


def test_an_acknowledged_alert_is_told_no_more(
    other_home: Home, webhook: Webhook, rule: AlertsRule
) -> None:
    feed(other_home, rule, judged(1, "data"))
    (alert,) = open_alerts(other_home)
    done = acknowledge(other_home, alert.id[:6], "ops", "a new clinic", START + 70)
    assert (done.state, done.by, done.why) == ("acknowledged", "ops", "a new clinic")
    feed(other_home, rule, *(judged(n, "data") for n in range(2, 30)))
    assert len(webhook.all()) == 1
    with pytest.raises(UsageError, match="unknown alert 'nothing'"):
        acknowledge(other_home, "nothing", "ops", "why", START)
    with pytest.raises(UsageError, match="--why"):
        acknowledge(other_home, alert.id, "ops", " ", START)
    feed(other_home, rule, *(judged(n) for n in range(30, 33)))
    with pytest.raises(UsageError, match="is resolved"):
        acknowledge(other_home, alert.id, "ops", "why", START)


def test_silence_says_which(other_home: Home, webhook: Webhook, rule: AlertsRule) -> None:
    feed(other_home, rule, judged(0))
    assert tick(other_home, "diabetes", rule, START, START, START + DAY) == []
    late = START + DAY + 1
    (alert,) = tick(other_home, "diabetes", rule, START, late - 5, late)
    assert (alert.rule, alert.severity) == ("silence", "critical")
    assert "events arrive" in alert.reason
    assert "but no verdict" in alert.reason
    assert tick(other_home, "diabetes", rule, START, START, late + DAY) == []
    assert "no events arrive" in open_alerts(other_home)[0].reason
    assert len(webhook.all()) == 1
    feed(other_home, rule, judged(1, at=late + DAY + 60))
    assert open_alerts(other_home) == []
    (message,) = webhook.all()
    assert message["title"] == "kaizen diabetes: resolved silence"


def test_silence_from_the_beginning(other_home: Home, rule: AlertsRule) -> None:
    assert tick(other_home, "diabetes", rule, None, None, START) == []
    (alert,) = tick(other_home, "diabetes", rule, None, None, START + DAY + 1)
    assert "no events arrive, there never was one" in alert.reason
    assert "no verdict: there never was one" in alert.reason


def test_the_digest_comes_once_a_week_to_those_who_want_it(
    other_home: Home, webhook: Webhook
) -> None:
    channels = {"hook": AppriseChannel(env="HOOK", digest="weekly"), "log": LogChannel()}
    rule = AlertsRule(channels=channels, dead_after_s=30 * DAY)
    feed(other_home, rule, judged(1, "data", p=0.0001), judged(2, value=3.5))
    assert webhook.all() == []
    assert len(log(other_home)) == 1
    monday = START + 3 * DAY  # Friday 08:00 and three days
    tick(other_home, "diabetes", rule, START, START, monday - 9 * 3600)
    assert webhook.all() == []
    for later in range(3):
        tick(other_home, "diabetes", rule, START, START, monday + later)
    (message,) = webhook.all()
    assert "2 windows judged, 200 rows" in message["message"]
    assert "data in 1 windows" in message["message"]
    assert "mse measured" in message["message"]
    assert "v3: data" in message["message"]
    tick(other_home, "diabetes", rule, START, START, monday + 7 * DAY)
    assert len(webhook.all()) == 1


def test_from_the_window_to_the_webhook(
    other_home: Home, webhook: Webhook, rule: AlertsRule, record_property
) -> None:
    seconds = []
    for number in range(3):
        begin = time.monotonic()
        feed(other_home, rule, judged(number * 100, "data"), judged(number * 100 + 1))
        feed(other_home, rule, judged(number * 100 + 2))
        seconds.append(webhook.times[2 * number] - begin)
    record_property("seconds", seconds)
    assert max(seconds) <= 5


def test_no_secret_is_left_anywhere(
    other_home: Home,
    webhook: Webhook,
    rule: AlertsRule,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level("DEBUG"):
        webhook.status = 500
        feed(other_home, rule, judged(1, "data"))
        webhook.status = 200
        feed(other_home, rule, judged(2, "data", "quality"))
    assert len(webhook.all()) == 2
    files = [path for path in Path(other_home.root).rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if b"s3cret" in path.read_bytes()] == []
    out, err = capfd.readouterr()
    assert "s3cret" not in caplog.text + out + err
