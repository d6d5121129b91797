"""The cache tells the truth: in a copy of the project, edited between runs as a person would."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from project import copied, own

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TRAIN = """
import json, kaizen
from kaizen.core import progress
states = {}
with progress.listening(lambda event: states.update({event.step: event.state})):
    result = kaizen.run("diabetes", deploy=False)
print(json.dumps({"states": states, "mse": result.metrics["mse"]}))
"""
CACHED = {
    "load",
    "validate",
    "split",
    "drift_check",
    "train",
    "export",
    "profile",
    "evaluate",
    "compare",
}


@dataclass
class Copy:
    """A copy of the project with a state folder of its own."""

    root: Path
    environment: dict[str, str]

    def train(self) -> tuple[set[str], float]:
        """The steps that came from the cache, and the error on the holdout."""
        done = subprocess.run(
            [sys.executable, "-c", TRAIN], cwd=self.root, env=self.environment,
            capture_output=True, text=True, timeout=850, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout.splitlines()[-1])
        return {step for step, state in said["states"].items() if state == "cached"}, said["mse"]

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def copy(tmp_path: Path, laptop) -> Copy:
    root = copied(tmp_path / "project")
    return Copy(root, laptop.variables() | own(root) | {"KAIZEN_HOME": str(tmp_path / "home")})


def test_edits_that_matter_run_again_and_others_do_not(copy: Copy) -> None:
    cached, first = copy.train()
    assert cached == set()

    # Another use case, and the command line: no step imports them.
    copy.replace("usecases/digits/model.py", "from __future__", "# a remark\nfrom __future__")
    copy.replace("src/kaizen/cli/run.py", "from __future__", "# a remark\nfrom __future__")
    cached, second = copy.train()
    # With a first version registered there is still no champion: nothing differs for any step.
    assert (cached, second) == (CACHED, first)

    # Twice the penalty. The step function is what it was: only the module it calls has changed.
    copy.replace("usecases/diabetes/model.py", "alpha=params.alpha,", "alpha=params.alpha * 2,")
    cached, third = copy.train()
    # Data is loaded again by the changed module; its content is what it was, so is its split.
    assert cached == {"split", "drift_check"}
    assert third != first
