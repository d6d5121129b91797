"""What can be said without a running process. The rest is tests/integration/test_rollout.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.rollout import deployments, launcher, traffic
from kaizen.rollout.deployments import Deployment
from kaizen.rollout.state import KEPT_RELEASES, Desired, Placed, State


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def release(version: str) -> Release:
    return Release(
        usecase="digits", version=version, tag=f"digits:{version}", digest="", path="/no"
    )


def desired(version: str, *previous: str) -> Desired:
    placed = Placed(release=release(version), weight=100, port=20000, slot="blue", service="s")
    line = tuple(release(each) for each in previous)
    return Desired(usecase="digits", releases=(placed,), workers=1, previous=line)


def test_a_fresh_home(home: Home) -> None:
    assert deployments.status(home) == []
    assert deployments.up(home, lambda *_: None, print) == []
    assert deployments.ensure("digits", home, lambda *_: None) is None
    assert deployments.down(home) == 0


def test_status_of_what_should_run_and_does_not(home: Home) -> None:
    with State(home) as state:
        state.want(desired("4"), "serve", "test")
        state.remember("router.port", "8123")
    (service,) = deployments.status(home)
    assert service.model_dump() == {
        "usecase": "digits", "version": "4", "tag": "digits:4", "weight": 100,
        "stage": "live", "note": "",
        "url": "http://127.0.0.1:8123/digits", "pids": (), "ready": False, "since": None,
        "events_lost": None,
    }  # fmt: skip


def test_the_way_back_holds_each_version_once_and_has_an_end() -> None:
    def versions(known: Desired | None, new: str) -> list[str]:
        return [each.version for each in traffic.rollback_targets(known, release(new))]

    assert versions(None, "1") == []
    assert versions(desired("1"), "2") == ["1"]
    assert versions(desired("2", "1"), "2") == ["1"], "more workers are no other release"
    assert versions(desired("1", "2"), "2") == ["1"], "never back to what one comes from"
    many = [str(number) for number in range(KEPT_RELEASES + 3)]
    assert versions(desired("99", *many), "100") == [*many[4:], "99"]


def test_the_bento_is_gone(home: Home) -> None:
    with pytest.raises(KaizenError, match=r"the Bento of digits v1 is not at /no"):
        launcher.bento(release("1"), 20000, 1, home.rollout, home)


def test_undo_of_what_is_not_served_any_more(home: Home) -> None:
    live = Deployment(usecase="digits", version="1", tag="", url="", port=1, seconds=0)
    error = deployments.undo(live, ValueError("2.5"), home, lambda *_: None)
    assert str(error) == "digits v1 gave a wrong answer: 2.5; it is not served any more"


def test_logs(home: Home) -> None:
    home.logs.mkdir(parents=True)
    for name in ("digits-v1.log", "digits-v1.log.1", "digits-v2.log", "router.log"):
        (home.logs / name).write_text("x")
    assert {path.name for path in deployments.logs(home, "digits")} == {
        "digits-v1.log", "digits-v1.log.1", "digits-v2.log",
    }  # fmt: skip
    assert [path.name for path in deployments.logs(home, "router")] == ["router.log"]
    with pytest.raises(UsageError, match="did you mean 'router'"):
        deployments.logs(home, "ruoter")


def test_importing_it_is_light() -> None:
    heavy = "zenml", "mlflow", "bentoml", "tensorflow", "sklearn", "pandas", "onnxruntime"
    code = (
        f"import sys, kaizen.rollout.deployments; print([n for n in {heavy} if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT
    )
    assert done.stdout.strip() == "[]"
