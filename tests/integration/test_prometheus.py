"""A gauge crosses its threshold: Prometheus and Alertmanager tell a webhook, also when it ends."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from alerting import START, Webhook, judged
from repository import PROJECT_ROOT
from rolling import eventually

from kaizen.core import http, ports
from kaizen.monitoring.alerts.gauges import exposition
from kaizen.monitoring.alerts.metrics_server import Server

FILES = PROJECT_ROOT / "configs" / "prometheus"
PROGRAMS = ("prometheus", "prometheus-alertmanager")
GOAL_S = 5.0

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(shutil.which, PROGRAMS)),
        reason=f"not installed: {' and '.join(PROGRAMS)} (Debian packages of these names)",
    ),
]


@contextmanager
def running(folder: Path, *words: str, ready: str) -> Iterator[None]:
    """A program until the end of the block, once ``ready`` answers 200."""
    with (folder / f"{words[0]}.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
        try:
            eventually(lambda: answers(ready), 30)
            yield
        finally:
            process.terminate()
            process.wait(30)


def answers(url: str) -> bool:
    try:
        with http.client(1.0) as client:
            return client.get(url).status_code == 200
    except httpx.TransportError:
        return False


def free() -> int:
    return ports.choose("alerts_test", 19_400)


def files(folder: Path, monitor: int, alertmanager: int, hook: int) -> None:
    """The ready files, with the ports of this test."""
    shutil.copy(FILES / "rules.yaml", folder)
    prometheus = yaml.safe_load((FILES / "prometheus.yaml").read_text())
    prometheus["scrape_configs"] = prometheus["scrape_configs"][:1]
    prometheus["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{monitor}"]
    managers = prometheus["alerting"]["alertmanagers"]
    managers[0]["static_configs"][0]["targets"] = [f"127.0.0.1:{alertmanager}"]
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(prometheus))
    manager = yaml.safe_load((FILES / "alertmanager.yaml").read_text())
    manager["receivers"][0]["webhook_configs"][0]["url"] = f"http://127.0.0.1:{hook}/alerts"
    (folder / "alertmanager.yaml").write_text(yaml.safe_dump(manager))


def test_a_gauge_crosses_and_the_webhook_is_told(tmp_path: Path, record_property) -> None:
    found = [judged(1)]
    with ExitStack() as stack:
        hook = Webhook()
        stack.callback(hook.close)
        server = stack.enter_context(
            Server(lambda: exposition({"diabetes": found}, [], time.time()), 0)
        )
        manager = free()
        files(tmp_path, server.port, manager, hook.port)
        stack.enter_context(
            running(
                tmp_path, "prometheus-alertmanager", "--config.file=alertmanager.yaml",
                f"--storage.path={tmp_path / 'alertmanager'}", "--cluster.listen-address=",
                f"--web.listen-address=127.0.0.1:{manager}",
                ready=f"http://127.0.0.1:{manager}/-/ready",
            )
        )  # fmt: skip
        port = free()
        stack.enter_context(
            running(
                tmp_path, "prometheus", "--config.file=prometheus.yaml",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                ready=f"http://127.0.0.1:{port}/-/ready",
            )
        )  # fmt: skip
        query = f"http://127.0.0.1:{port}/api/v1/query?query=kaizen_alarm"
        eventually(lambda: '"result":[{' in httpx.get(query).text, 30)
        assert hook.got.empty()
        begin = time.monotonic()
        found.append(judged(2, "data", at=START + 120))
        told = hook.got.get(timeout=30)
        fired_s = hook.times[-1] - begin
        names = {alert["labels"]["alertname"] for alert in told["alerts"]}
        assert (told["status"], "KaizenAlarm" in names) == ("firing", True)
        begin = time.monotonic()
        found.append(judged(3, at=START + 180))
        over = ""
        while over != "resolved":
            over = hook.got.get(timeout=30)["status"]
        resolved_s = hook.times[-1] - begin
    record_property("seconds to the webhook", f"{fired_s:.1f}")
    record_property("seconds to resolved", f"{resolved_s:.1f}")
    assert fired_s <= GOAL_S
