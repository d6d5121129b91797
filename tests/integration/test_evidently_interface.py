"""``kaizen ui evidently``: the reports of a home in Evidently's own interface."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from datetime import UTC, datetime
from uuid import UUID

import httpx
import numpy as np
import pandas as pd
import psutil
import pytest
from repository import PROJECT_ROOT

from kaizen.monitoring.reports import workspace

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def kept(machine, shift: float, day: int, usecase: str = "digits") -> UUID:
    random = np.random.default_rng(day)
    reference, window = (pd.DataFrame({"x": random.normal(at, 1, 300)}) for at in (0, shift))
    at = datetime(2026, 1, day, tzinfo=UTC)
    title = f"night {day}"
    return workspace.add(
        machine.home.monitoring, usecase, title, reference, window, at=at, tags=["nightly"]
    ).run


def runs(url: str, usecase: str = "digits") -> set[UUID]:
    project = workspace.project_id(usecase)
    answer = httpx.get(f"{url}/api/projects/{project}/reports")
    return set() if answer.is_error else {UUID(report["id"]) for report in answer.json()}


def shown(url: str, usecase: str, expected: set[UUID]) -> bool:
    """Whether exactly these reports are shown, within a minute."""
    end = time.monotonic() + 60
    while runs(url, usecase) != expected:
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def test_it_lists_the_reports_of_this_home_and_calls_nobody(newcomer, kaizen_command) -> None:
    first = kept(newcomer, 0.0, 1)
    before = {process.pid for process in newcomer.processes()}
    with subprocess.Popen(
        [kaizen_command, "ui", "evidently", "--json"],
        env=newcomer.variables(), cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            url = told["url"]
            assert url.startswith("http://127.0.0.1:")
            assert httpx.get(url).status_code == httpx.codes.OK
            projects = {each["name"]: each for each in httpx.get(f"{url}/api/projects").json()}
            assert UUID(projects["digits"]["id"]) == workspace.project_id("digits")
            assert runs(url) == {first}
            # Reports kept meanwhile are shown, too, those of another use case among them.
            other = kept(newcomer, 0.5, 2, "diabetes")
            assert shown(url, "diabetes", {other})
            second = kept(newcomer, 0.5, 2)
            assert shown(url, "digits", {first, second})
            server = psutil.Process(told["pid"])
            assert {each.laddr.ip for each in server.net_connections("inet")} == {"127.0.0.1"}
            talks = [each.raddr.ip for each in server.net_connections("inet") if each.raddr]
            assert set(talks) <= {"127.0.0.1"}
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert {process.pid for process in newcomer.processes()} <= before
    assert list(newcomer.user.rglob("*")) == []
