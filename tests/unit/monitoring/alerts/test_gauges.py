"""What Prometheus reads, and from where."""

from __future__ import annotations

import httpx
import pytest
from alerting import START, judged
from prometheus_client.parser import text_string_to_metric_families

from kaizen.core.alert_settings import AlertsRule
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.monitoring.alerts.gauges import VERSIONS, exposition
from kaizen.monitoring.alerts.manage import assessed, open_alerts
from kaizen.monitoring.alerts.metrics_server import Server


def read(text: bytes) -> dict[tuple[str, ...], float]:
    """Values by name and labels' values in the order of their names."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = (value for _, value in sorted(sample.labels.items()))
            found[(sample.name.removeprefix("kaizen_"), *labels)] = sample.value
    return found


def test_every_gauge_with_its_labels(other_home: Home) -> None:
    found = judged(2, "data", p=0.001, value=4.5)
    assessed(other_home, "diabetes", AlertsRule(), found, found.at)
    values = read(
        exposition({"diabetes": [judged(1), found]}, open_alerts(other_home), START + 999)
    )
    whose = ("diabetes", "3")
    assert values[("drift_p_value", *whose)] == 0.001
    assert values[("drift_effect", *whose)] == 2
    assert values[("drift_detected", *whose)] == 1
    assert values[("column_effect", "bmi", *whose)] == 0.3
    assert values[("quality_findings", *whose)] == 0
    assert values[("performance", "mse", "measured", *whose)] == 4.5
    assert ("performance", "mse", "unknown", *whose) not in values
    assert [values[("alarm", kind, *whose)] for kind in ("data", "concept")] == [1, 0]
    assert values[("stream_strength", *whose)] == 3
    assert values[("verdict_timestamp_seconds", *whose)] == START + 120
    assert values[("window_rows", *whose)] == 100
    assert values[("alert_firing", "data", "warning", *whose)] == 1
    assert values[("monitor_timestamp_seconds",)] == START + 999


def test_what_is_not_known_is_absent_and_versions_are_bounded() -> None:
    many = [judged(n, p=None, version=str(n)) for n in range(10)]
    values = read(exposition({"diabetes": many}, [], START))
    assert [key for key in values if key[0] == "drift_p_value"] == []
    versions = {key[2] for key in values if key[0] == "window_rows"}
    assert versions == {str(n) for n in range(10 - VERSIONS, 10)}


def test_the_server_answers_prometheus() -> None:
    says = [b"a 1\n"]
    with Server(lambda: says[0], 0) as server:
        answer = httpx.get(f"{server.url}/metrics?x=1")
        assert (answer.status_code, answer.content) == (200, b"a 1\n")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert httpx.get(f"{server.url}/healthz").text == "ok\n"
        assert httpx.get(f"{server.url}/secrets").status_code == 404
        says.clear()
        broken = httpx.get(f"{server.url}/metrics")
        assert (broken.status_code, "IndexError" in broken.text) == (500, False)
        assert httpx.get(f"{server.url}/healthz").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/healthz")


def test_a_fixed_port_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(bytes, 0) as server:
        monkeypatch.setenv("KAIZEN_PORT_MONITOR", str(server.port))
        with pytest.raises(KaizenError, match="KAIZEN_PORT_MONITOR fixes it"):
            Server(bytes)
