import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from repository import PROJECT_ROOT

import kaizen
from kaizen import api
from kaizen.core import config
from kaizen.core.config import assignment


@pytest.mark.parametrize("value", [0.4, 1e-5, 3, True, None, "yes", "0.4x", [8, 4], "a=b"])
def test_a_setting_reads_back_as_it_was(value: Any) -> None:
    [text] = api.assignments({"params.alpha": value})
    assert assignment(text) == {"params": {"alpha": value}}


def test_settings_of_the_command_line_pass_as_they_are() -> None:
    assert api.assignments(["params.alpha=0.4"]) == ["params.alpha=0.4"]


def test_run_hands_everything_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pipelines = ModuleType("kaizen.workflows.run")
    pipelines.run = lambda chosen, **given: (chosen, given)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kaizen.workflows.run", pipelines)
    monkeypatch.setattr(config, "load", lambda *chosen: chosen)
    settings, file = {"params.alpha": 0.4}, Path("mine.yaml")
    result = kaizen.run("diabetes", "fast", settings, file=file, stack="team", deploy=False)
    assert result == (
        ("diabetes", "fast", ["params.alpha=0.4"], file),
        {"stack": "team", "deploy": False},
    )


def test_importing_kaizen_stays_light() -> None:
    code = "import sys, kaizen; kaizen.run; kaizen.load; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {
        "numpy",
        "pydantic",
        "mlflow",
        "zenml",
        "tensorflow",
        "kaizen.workflows.run",
    }
