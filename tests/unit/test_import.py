"""What a process loads: ``import kaizen`` next to nothing, and the quick ones nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kaizen
from kaizen.core import project
from kaizen.core.extras import EXTRAS
from kaizen.packaging import bento
from kaizen.server.model import METADATA

HEAVY = ("numpy", "pandas", "pydantic", "zenml", "mlflow", "tensorflow", "bentoml")
EXTRA = {library.module for libraries in EXTRAS.values() for library in libraries}
TRAINING = {*EXTRA, "sklearn", "zenml", "mlflow", "pandas", "pandera", "scipy", "matplotlib"}
"""What no process may load that only asks, shows or serves."""
HELP = "import sys; from kaizen.cli.main import main; sys.argv = {}; main()"
EVERY_MODULE = """
import kaizen.dashboard, pkgutil, importlib
for found in pkgutil.walk_packages(kaizen.dashboard.__path__, 'kaizen.dashboard.'):
    importlib.import_module(found.name)
"""
SLOW = {"numpy", "bentoml", "onnx", "onnxruntime", "pyarrow", "duckdb", "PIL"}
NEVER = {
    "kaizen --help": (HELP.format(["kaizen", "--help"]), TRAINING | SLOW),
    "kaizen run --help": (HELP.format(["kaizen", "run", "--help"]), TRAINING | SLOW),
    "dashboard": (EVERY_MODULE, TRAINING | SLOW),
    "service": ("import serving.service", TRAINING | {"onnx", "skl2onnx", "pyarrow", "duckdb"}),
}
"""What a process runs, and what it may then never have loaded."""


def loaded(code: str, folder: Path | None = None) -> set[str]:
    """The modules that a fresh Python holds after ``code``."""
    tell = "atexit.register(lambda: print('\\n' + '\\n'.join(sys.modules)))"
    command = [sys.executable, *(["-P"] if folder is None else []), "-c"]
    answer = subprocess.run(
        [*command, f"import atexit, sys; {tell}\n{code}"],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.splitlines())


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = f"import sys, kaizen; print([name for name in {HEAVY} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_importing_the_package_loads_itself_and_python_alone() -> None:
    found = loaded("import kaizen") - loaded("import typing, importlib, atexit")
    assert found == {"kaizen", "kaizen._version"} | (found & {"__future__"})


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """What a Bento of diabetes carries, in a folder."""
    files = bento.library() | project.current().service_files("diabetes")
    files[METADATA] = json.dumps({"usecase": "diabetes"}).encode()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("process", NEVER)
def test_a_process_that_trains_nothing_loads_nothing_for_it(
    process: str, request: pytest.FixtureRequest
) -> None:
    code, never = NEVER[process]
    folder = request.getfixturevalue("release") if process == "service" else None
    found = loaded(code, folder)
    assert any(name.startswith("kaizen.") for name in found)
    assert found & never == set()


def test_public_names_exist() -> None:
    assert all(getattr(kaizen, name) for name in kaizen.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        kaizen.lod  # noqa: B018 - reading the name is the test
