"""``import kaizen`` is light, and its names are there when asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import kaizen

HEAVY = ("numpy", "pandas", "pydantic", "zenml", "mlflow", "tensorflow", "bentoml")


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = f"import sys, kaizen; print([name for name in {HEAVY} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_public_names_exist() -> None:
    assert all(getattr(kaizen, name) for name in kaizen.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        kaizen.lod  # noqa: B018 - reading the name is the test
