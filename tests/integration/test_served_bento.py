"""A real Bento under the supervisor: its workers die and come back with it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from kaizen.core.paths import Home
from kaizen.core.settings import ServingRule
from kaizen.modeling.export import export
from kaizen.packaging import bento
from kaizen.rollout import deployments
from kaizen.rollout.deployments import Deployment, ServiceStatus
from usecases.diabetes.model import usecase

pytestmark = pytest.mark.integration


@pytest.fixture
def live(other_home: Home, home: Home) -> Iterator[Deployment]:
    frame = usecase.load(usecase.Data())
    trained = usecase.train(usecase.Params(), frame, frame.iloc[:0], 0, lambda _: None)
    onnx, golden, _ = export(usecase, trained.model, frame)
    release = bento.build(
        usecase="diabetes",
        version="1",
        model=onnx,
        golden=golden,
        metadata={},
        rule=ServingRule(),
        home=home,
    )
    yield deployments.deploy(
        release,
        workers=2,
        golden=golden,
        home=other_home,
        on_promoted=lambda *_: None,
        report=print,
    )
    deployments.down(other_home)


def test_a_killed_server_comes_back_and_leaves_no_worker_behind(
    live: Deployment, other_home: Home
) -> None:
    assert httpx.get(f"{live.url}/version").json()["model_version"] == "1"
    (before,) = deployments.status(other_home)
    assert len(before.pids) == 3, "BentoML's own parent and two workers"
    psutil.Process(before.pids[0]).kill()
    deadline = time.monotonic() + 60

    def is_another(now: ServiceStatus) -> bool:
        # A worker answers for a moment after its parent was killed.
        return now.ready and now.pids[:1] not in ((), before.pids[:1])

    while not is_another(now := deployments.status(other_home)[0]):
        assert time.monotonic() < deadline, "it did not come back"
        time.sleep(0.2)
    assert not {*now.pids} & {*before.pids}
    assert not [pid for pid in before.pids if psutil.pid_exists(pid)]
    assert httpx.get(f"{live.url}/readyz").status_code == httpx.codes.OK
