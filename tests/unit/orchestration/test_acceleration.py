"""One switch leaves other people's libraries as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

CODE = """
import json
from kaizen.core import environment
environment.apply()
from kaizen.orchestration.start import activate
activate("local")
import pydantic
from kaizen.orchestration import zenml_patches
from pydantic._internal import _model_construction
made = [change.name for change in zenml_patches._originals]
lean = _model_construction.complete_model_class.__module__
print(json.dumps({"made": made, "lean": lean.startswith("kaizen")}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("plain", ["", "1"])
def test_plain_makes_the_needed_changes_alone(plain: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "KAIZEN_HOME": str(tmp_path), "KAIZEN_PLAIN": plain},
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["lean"] is (plain == "")
    assert "is_distribution_package_file" in found["made"]
    assert ("activate_integrations" in found["made"]) is (plain == "")
