"""The ready files in configs/prometheus/ are what Prometheus and Alertmanager take."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen.monitoring.alerts.gauges import exposition
from kaizen.monitoring.alerts.metrics_server import DEFAULT_PORT

FILES = PROJECT_ROOT / "configs" / "prometheus"
CASES = Path(__file__).with_name("rules_test.yaml")


@pytest.mark.parametrize(
    "words",
    [
        ("promtool", "check", "rules", FILES / "rules.yaml"),
        ("promtool", "check", "config", FILES / "prometheus.yaml"),
        ("promtool", "test", "rules", CASES),
        ("amtool", "check-config", FILES / "alertmanager.yaml"),
    ],
    ids=["rules", "config", "cases", "alertmanager"],
)
def test_their_own_tools_find_nothing(words: tuple[str, ...]) -> None:
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed (Debian: prometheus, prometheus-alertmanager)")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_ask_for_gauges_that_there_are() -> None:
    known = set(re.findall(r"# TYPE (kaizen_\w+)", exposition({}, [], 0.0).decode()))
    asked = set(re.findall(r"\bkaizen_\w+", (FILES / "rules.yaml").read_text()))
    of_the_service = {"kaizen_predictions_total", "kaizen_events_total"}
    assert asked - known == of_the_service


def test_the_monitor_is_asked_where_it_is() -> None:
    assert f'"127.0.0.1:{DEFAULT_PORT}"' in (FILES / "prometheus.yaml").read_text()
