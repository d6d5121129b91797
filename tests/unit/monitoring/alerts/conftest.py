from __future__ import annotations

from collections.abc import Iterator

import pytest
from alerting import Webhook

from kaizen.core.alert_settings import URL_VARIABLE, AlertsRule, AppriseChannel


@pytest.fixture(autouse=True)
def _no_channel_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Somebody who is told, at the URL in HOOK."""
    there = Webhook()
    monkeypatch.setenv("HOOK", there.url)
    yield there
    there.close()


@pytest.fixture
def rule() -> AlertsRule:
    """Everything at once to the webhook and the log."""
    return AlertsRule(channels={"hook": AppriseChannel(env="HOOK")}, cooldown_s=600)
