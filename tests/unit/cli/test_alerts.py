from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alerting import Webhook, judged

from kaizen.cli import main
from kaizen.core.alert_settings import URL_VARIABLE, AlertsRule
from kaizen.core.paths import Home
from kaizen.monitoring.alerts.manage import assessed


class Kaizen:
    """The command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit code and what was printed."""
        self._monkeypatch.setattr(sys, "argv", ["kaizen", "alerts", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
        out, err = self._capsys.readouterr()
        return int(ended.value.code or 0), out + err


@pytest.fixture
def kaizen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Kaizen:
    monkeypatch.setenv("KAIZEN_HOME", str(tmp_path))
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    return Kaizen(capsys, monkeypatch)


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch, kaizen: Kaizen) -> Iterator[Webhook]:
    there = Webhook()
    monkeypatch.setenv(URL_VARIABLE, there.url)
    yield there
    there.close()


@pytest.fixture
def alert(tmp_path: Path, kaizen: Kaizen) -> str:
    """Id of an alert of diabetes."""
    found = judged(1, "data")
    return assessed(Home(tmp_path), "diabetes", AlertsRule(), found, found.at)[0].id


def test_a_use_case_without_alerts_makes_no_file(kaizen: Kaizen, tmp_path: Path) -> None:
    code, out = kaizen("diabetes", "--json")
    assert (code, json.loads(out)) == (0, {"usecase": "diabetes", "alerts": [], "unsent": []})
    assert kaizen("diabetes") == (0, "no open alerts; --all shows those that are over\n")
    assert list(tmp_path.iterdir()) == []
    assert kaizen("diabets")[0] == 2


def test_an_alert_is_listed_and_acknowledged(kaizen: Kaizen, alert: str) -> None:
    code, out = kaizen("list", "diabetes")
    assert (code, alert in out, "drift in bmi" in out) == (0, True, True)
    code, out = kaizen("ack", alert[:5], "--by", "ops", "--why", "known", "--json")
    assert (code, json.loads(out)["state"]) == (0, "acknowledged")
    (listed,) = json.loads(kaizen("--json", "diabetes")[1])["alerts"]
    assert (listed["id"], listed["by"], listed["why"]) == (alert, "ops", "known")
    assert "(ops: known)" in kaizen("diabetes", "--all")[1]
    assert kaizen("ack", "nothing", "--by", "ops", "--why", "known")[0] == 2
    assert kaizen("ack", alert, "--by", "ops")[0] == 2


def test_a_test_says_of_each_channel_whether_it_went(kaizen: Kaizen, webhook: Webhook) -> None:
    code, out = kaizen("test", "diabetes", "--json")
    assert code == 0
    assert [(each["channel"], each["sent"]) for each in json.loads(out)["channels"]] == [
        ("log", True), ("environment", True),
    ]  # fmt: skip
    (message,) = webhook.all()
    assert message["title"] == "kaizen diabetes: test message"
    webhook.status = 403
    code, out = kaizen("test", "diabetes")
    assert (code, "KAIZEN_ALERTS_URL: JSON answered 403" in out) == (1, True)
    assert "s3cret" not in out
    assert kaizen("test", "diabetes", "--channel", "log") == (0, "log  sent\n")
    assert kaizen("test", "diabetes", "--channel", "mail")[0] == 2


def test_a_url_that_apprise_does_not_know_is_not_shown(
    kaizen: Kaizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("jsonn://s3cret", "s3cret", "json://one, json://s3cret:x"):
        monkeypatch.setenv(URL_VARIABLE, url)
        code, out = kaizen("test", "diabetes", "--channel", "environment")
        assert (code, "s3cret" in out) == (1, False)
        assert "KAIZEN_ALERTS_URL: " in out


def test_a_channel_that_is_off_says_how_it_is_turned_on(kaizen: Kaizen) -> None:
    code, out = kaizen("test", "diabetes", "--channel", "environment")
    assert (code, "set KAIZEN_ALERTS_URL" in out) == (2, True)


def test_the_digest_is_shown_and_sent(kaizen: Kaizen, alert: str, webhook: Webhook) -> None:
    code, out = kaizen("digest", "diabetes")
    assert (code, "0 windows judged" in out, webhook.all()) == (0, True, [])
    code, out = kaizen("digest", "diabetes", "--send", "--json")
    assert (code, json.loads(out)["unsent"]) == (0, {})
    assert "windows judged" in webhook.all()[0]["message"]
    webhook.status = 500
    code, out = kaizen("digest", "diabetes", "--send")
    assert (code, "not sent to environment, tried again later" in out) == (1, True)
    assert "has not reached channel environment" in kaizen("diabetes")[1]
