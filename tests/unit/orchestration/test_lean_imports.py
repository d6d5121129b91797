"""ZenML's quick import, each time in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pydantic
import pytest
from pydantic._internal import _fields, _generate_schema, _mock_val_ser, _model_construction
from repository import PROJECT_ROOT

from kaizen.orchestration import lean_imports

LOADED = "from kaizen.orchestration import lean_imports as zenml_imports; zenml_imports.load()\n"


def fresh(code: str, tmp_path: Path) -> str:
    """What ``code`` prints after a quick import of ZenML."""
    done = subprocess.run(
        [sys.executable, "-c", f"from kaizen.core import environment; environment.apply()\n{code}"],
        env={**os.environ, "KAIZEN_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_pydantic_this_leans_on_is_installed() -> None:
    assert pydantic.VERSION.startswith(lean_imports.PYDANTIC), (
        "see src/kaizen/orchestration/lean_imports.py"
    )
    for owner, name in (
        (_model_construction, "complete_model_class"),
        (_generate_schema.GenerateSchema, "_model_schema"),
        (_mock_val_ser, "set_model_mocks"),
        (_fields, "rebuild_model_fields"),
    ):
        assert hasattr(owner, name), (
            f"pydantic has no {name} any more: src/kaizen/orchestration/lean_imports.py"
        )


@pytest.mark.slow
def test_models_are_put_off_and_whole_when_used_from_threads_alone_and_inside_others(
    tmp_path: Path,
) -> None:
    code = (
        LOADED
        + """
import sys, threading, uuid
import pydantic
from zenml.models import ArtifactVersionRequest, StackFilter
from zenml.config.docker_settings import DockerSettings
from zenml.config.step_configurations import StepConfigurationUpdate
assert not ArtifactVersionRequest.__pydantic_complete__
sys.setswitchinterval(1e-6)
errors = []
def use():
    try:
        StackFilter(name="a").model_dump()
        StepConfigurationUpdate(settings={"docker": DockerSettings(dockerfile="x")}).model_dump()
    except Exception as error:
        errors.append(error)
threads = [threading.Thread(target=use) for _ in range(16)]
[t.start() for t in threads]; [t.join() for t in threads]
assert not errors, errors[0]
assert StackFilter.__pydantic_complete__

class Holder(pydantic.BaseModel, extra="allow"):
    settings: DockerSettings | None = None
inside = Holder.model_validate({"settings": {"dockerfile": "y"}})
loose = Holder(other=inside.settings)
assert loose.model_dump()["other"]["dockerfile"] == "y"
try:
    ArtifactVersionRequest(artifact_name=3)
except pydantic.ValidationError as error:
    print(sorted({e["loc"][0] for e in error.errors()})[0])
"""
    )
    assert fresh(code, tmp_path) == "artifact_name"


@pytest.mark.slow
def test_a_child_forked_while_a_thread_builds_models_can_build_its_own(tmp_path: Path) -> None:
    code = (
        LOADED
        + """
import os, threading
held, go = threading.Event(), threading.Event()
def hold():
    with zenml_imports._building:
        held.set(); go.wait()
thread = threading.Thread(target=hold); thread.start(); held.wait()
pid = os.fork()
if pid == 0:
    from zenml.models import StackFilter
    os._exit(0 if StackFilter(name="a").name == "a" else 1)
import time
end = time.monotonic() + 20
while (state := os.waitpid(pid, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
    time.sleep(0.01)
if state == (0, 0):
    os.kill(pid, 9)
go.set(); thread.join()
print(state[1] if state[0] else "stuck")
"""
    )
    assert fresh(code, tmp_path) == "0"


def test_what_zenml_has_imported_before_is_left_as_it_is(tmp_path: Path) -> None:
    code = "import sys, types; sys.modules['zenml'] = types.ModuleType('zenml')\n" + LOADED
    assert fresh(code + "print('zenml.client' in sys.modules)", tmp_path) == "False"
