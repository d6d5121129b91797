"""Heavy steps as they are really run: from a process with nothing else in it, and beside others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from repository import PROJECT_ROOT

pytestmark = [pytest.mark.integration, pytest.mark.slow]
HERE = Path(__file__).parent


def started(home: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "KAIZEN_HOME": str(home)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    environment.pop("ZENML_ACTIVE_STACK_ID", None)
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), str(PROJECT_ROOT)])
    return subprocess.Popen(
        [sys.executable, "-c", "import orchestrated; orchestrated.main()", *words],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=850)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


def test_two_trainings_at_once_learn_what_one_alone_learns(tmp_path: Path) -> None:
    seen = answer(started(tmp_path / "home", "train_alone_and_together", str(tmp_path)))
    assert len({seen[name]["pid"] for name in ("alone", "left", "right")}) == 3
    for name in ("left", "right"):
        assert seen[name]["curves"] == seen["alone"]["curves"]
        assert seen[name]["weights"] == seen["alone"]["weights"]
    # Every epoch's line was heard here, before the step was said to be done.
    assert seen["heard"] == seen["left"]["figures"] or seen["heard"] == seen["right"]["figures"]
    assert "epoch 1/1" in seen["heard"][-1]
    assert seen["last"] == "done"
    assert not seen["framework_here"]


def test_two_processes_on_one_store_also_from_fresh_interpreters(tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = [started(home, "from_a_busy_process", word) for word in ("left", "right")]
    for process, word in zip(processes, ("left", "right"), strict=True):
        assert answer(process) == {"says": {"word": word, "zygote": "spawned"}}


def test_the_zygote_is_forked_ahead_once_and_started_later(tmp_path: Path) -> None:
    assert answer(started(tmp_path / "home", "twice", "word")) == {
        "first": {"word": "word first", "zygote": "forked"},
        "second": {"word": "word second", "zygote": "spawned"},
    }
