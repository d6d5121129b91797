"""Rules of alerts: what they default to, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from kaizen.core import config
from kaizen.core.alert_settings import CHANNELS, RULES, URL_VARIABLE, AlarmRule
from kaizen.core.errors import UsageError
from kaizen.core.monitoring_settings import MonitoringRule

LOW = {"KIND": "figure", "figure": "drift.p_value", "below": 0.001}


def rule(**alerts: Any) -> MonitoringRule:
    return config.check(MonitoringRule, {"alerts": alerts}, "monitoring")


def test_what_is_said_is_laid_over_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    assert rule().alerts.watching == RULES
    data = {"KIND": "alarm", "alarm": "data", "severity": "info"}
    given = rule(rules={"low": LOW, "data": data, "silence": None})
    assert set(given.alerts.watching) == {*RULES, "low"} - {"silence"}
    assert given.alerts.watching["data"] == AlarmRule(alarm="data", severity="info")
    assert MonitoringRule.model_validate(given.model_dump(mode="json")) == given


def test_the_channel_of_the_environment_is_there_with_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    assert set(rule().alerts.telling) == {"log"}
    monkeypatch.setenv(URL_VARIABLE, "json://localhost")
    assert rule().alerts.telling == CHANNELS
    own = rule(channels={"team": {"KIND": "apprise", "env": "TEAM"}, "log": None})
    assert set(own.alerts.telling) == {"environment", "team"}


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ({"cooldwn_s": 1}, "did you mean 'monitoring.alerts.cooldown_s'"),
        ({"cooldown_s": -1}, "monitoring.alerts.cooldown_s is -1"),
        ({"rules": {"low": {**LOW, "belw": 1}}}, "did you mean 'monitoring.alerts.rules.low.b"),
        ({"rules": {"low": {**LOW, "above": 1}}}, "either below or above"),
        ({"rules": {"low": {**LOW, "figure": "p"}}}, "rules.low.figure is 'p'"),
        ({"rules": {"low": {"KIND": "alrm"}}}, "expected a KIND: alarm, figure or silence"),
        ({"rules": {"low": {**LOW, "channels": ["lgo"]}}}, "did you mean 'log'"),
        ({"channels": {"x": {"KIND": "mail"}}}, "expected a KIND: apprise or log"),
        ({"channels": {"x": {"KIND": "apprise"}}}, "channels.x.env is missing"),
        ({"channels": {"x": {"KIND": "apprise", "env": "a b"}}}, "the name of an environment"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(alerts: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as problem:
        rule(**alerts)
    assert said in str(problem.value)


@pytest.mark.parametrize(
    "alerts",
    [
        {"channels": {"x": {"KIND": "apprise", "env": "slack://s3cret"}}},
        {"channels": {"x": {"KIND": "apprise", "url": "slack://s3cret"}}},
        {"channels": {"x": "slack://s3cret"}},
        {"rules": {"low": {**LOW, "channels": ["slack://s3cret"]}}},
        {"channels": {"x": {"KIND": "apprise", "env": "s3cret token"}}},
    ],
)
def test_a_secret_is_refused_with_the_reason_and_not_shown(alerts: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="environment variable") as problem:
        rule(**alerts)
    assert "s3cret" not in str(problem.value)
