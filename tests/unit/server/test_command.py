from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.server.command import MOST_WORKERS, command, environment, processes

RELEASE = Release(usecase="digits", version="3", tag="digits:3-abc", digest="d", path="/b/digits")


def test_a_server_listens_on_this_machine_only() -> None:
    line = command(RELEASE, port=4711, workers=3)
    assert line[:2] == ["env", "KAIZEN_WORKERS=3"]
    assert line[2:7] == [sys.executable, "-m", "bentoml", "serve", "/b/digits"]
    assert line[line.index("--host") + 1] == "127.0.0.1"
    assert line[line.index("--port") + 1] == "4711"


def test_workers_are_as_many_as_said_or_as_the_cores_that_may_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert processes(3) == 3
    kept = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(kept)})
        assert processes("auto") == 2, "one that ends is no outage"
    finally:
        os.sched_setaffinity(0, kept)
    for cores, wanted in ((2, 2), (6, 6), (500, MOST_WORKERS)):
        monkeypatch.setattr(os, "cpu_count", lambda found=cores: found)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, found=cores: set(range(found)))
        assert processes("auto") == wanted


def test_no_secret_and_no_path_of_the_project_goes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("PYTHONPATH", "/project")
    made = environment(RELEASE, tmp_path / "run", tmp_path / "events", Home(tmp_path))
    assert "hidden" not in made.values()
    assert "PYTHONPATH" not in made
    assert made["KAIZEN_EVENTS"] == str(tmp_path / "events")
    assert (made["OTEL_SDK_DISABLED"], made["ORT_DISABLE_TELEMETRY"]) == ("true", "1")


def test_two_servers_share_no_folder(tmp_path: Path) -> None:
    one, two = (
        environment(RELEASE, tmp_path / name, tmp_path / "events", Home(tmp_path))
        for name in ("one", "two")
    )
    for name in ("BENTOML_HOME", "TMPDIR", "HOME"):
        assert one[name] != two[name]
        assert one[name].startswith(str(tmp_path / "one"))
    assert Path(one["TMPDIR"]).is_dir()
