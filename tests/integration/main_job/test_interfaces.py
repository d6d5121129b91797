"""``kaizen ui``: ZenML's and MLflow's own interfaces, on this home's stores."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest

pytestmark = pytest.mark.integration


@pytest.fixture(params=["zenml", "mlflow"])
def interface(request, job, laptop, kaizen_command) -> Iterator[tuple[str, str]]:
    """The running interface's name and address; it ends with Ctrl-C and leaves nothing behind."""
    before = {process.pid for process in laptop.processes()}
    process = subprocess.Popen(
        [kaizen_command, "ui", request.param, "--json"],
        env=laptop.variables(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    yield request.param, json.loads(process.stdout.readline())["url"]
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    process.stdout.close()
    assert {process.pid for process in laptop.processes()} <= before


def test_it_shows_the_runs_of_this_home(interface, job, laptop) -> None:
    name, url = interface
    assert httpx.get(url).status_code == httpx.codes.OK
    if name == "zenml":
        user = httpx.get(f"{url}/api/v1/current-user").json()
        assert user["metadata"]["user_metadata"]["finished_onboarding_survey"] is True
        run = httpx.get(f"{url}/api/v1/runs/{job.json['run_id']}").json()
        assert run["body"]["status"] == "completed"
    else:
        found = httpx.get(
            f"{url}/api/2.0/mlflow/registered-models/alias",
            params={"name": "digits", "alias": "champion"},
        ).json()
        assert found["model_version"]["version"] == job.json["model_version"]
    assert list(laptop.user.rglob("*")) == []
