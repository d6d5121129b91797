"""The notebooks run as committed, in a fresh home, and what they show is what one gets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from repository import PROJECT_ROOT

from tests.integration.conftest import machine

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NOTEBOOKS = PROJECT_ROOT / "notebooks"
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
EXPLORE = NOTEBOOKS / "explore_digits.ipynb"
EXECUTE = """
import sys
from pathlib import Path
from kaizen.core import environment
environment.apply().cache.mkdir(parents=True)
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
where = {"metadata": {"path": str(Path(sys.argv[1]).parent)}}
NotebookClient(notebook, kernel_name="python3", timeout=250, resources=where).execute()
nbformat.write(notebook, sys.argv[2])
"""


def texts(notebook: dict[str, Any]) -> list[str]:
    """What each cell of code says in plain text, pictures left out."""
    said = []
    for cell in notebook["cells"]:
        parts = []
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error", output
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            parts.append("".join(text))
        if cell["cell_type"] == "code":
            said.append("".join(parts))
    return said


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """Every notebook by name with the outputs of a fresh machine of its own, all at once."""
    machines = {path.stem: machine(tmp_path_factory.mktemp(path.stem)) for path in PATHS}
    running = {
        path.stem: subprocess.Popen(
            [sys.executable, "-c", EXECUTE, str(path), str(machines[path.stem].home.root / "nb")],
            env=machines[path.stem].variables(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for path in PATHS
    }  # fmt: skip
    try:
        for name, process in running.items():
            _, said = process.communicate(timeout=400)
            assert process.returncode == 0, f"{name}: {said.decode()}"
            assert list(machines[name].user.rglob("*")) == [], "a user's home folder stays empty"
        yield {
            name: json.loads((machines[name].home.root / "nb").read_text(encoding="utf-8"))
            for name in running
        }
    finally:
        for name, process in running.items():
            process.kill()
            machines[name].kaizen("down")


def saying(executed: dict[str, dict[str, Any]], name: str) -> str:
    return "\n".join(texts(executed[name]))


def test_pictures_are_drawn(executed) -> None:
    drawn = {
        name: sum(
            "image/png" in output.get("data", {})
            for cell in notebook["cells"]
            for output in cell.get("outputs", [])
        )
        for name, notebook in executed.items()
    }
    assert drawn == {
        "explore_digits": 2, "train_and_compare_churn": 1, "serve_and_watch_diabetes": 0,
    }  # fmt: skip


def test_the_families_are_compared_and_the_gate_judges(executed) -> None:
    said = saying(executed, "train_and_compare_churn")
    assert "best: tree" in said
    assert "v1: Promoted: the first model" in said
    assert "v2: Refused: f1 0.3" in said


def test_what_is_served_is_watched_and_replaced(executed) -> None:
    said = saying(executed, "serve_and_watch_diabetes")
    assert "89 answers by v1" in said
    assert "60 events are labelled" in said
    assert "2.48 % better" in said
    assert "served now: v2" in said
    assert "replay: 89 of 89 recent answers are not v1's" in said


def test_it_trains_a_model_that_is_promoted_and_answers(executed) -> None:
    said = saying(executed, EXPLORE.stem)
    assert "Promoted: the first model" in said
    accuracy = re.search(r"accuracy (0\.\d+) on 2,011 held-out rows", said)
    assert accuracy is not None
    assert float(accuracy[1]) >= 0.96
    wrong = re.search(r"(\d+) of 2,011 are wrong", said)
    assert wrong is not None
    assert round(1 - int(wrong[1]) / 2011, 4) == float(accuracy[1]), "champion and gate agree"
    assert "not held out before: 0" in said


def test_what_is_shown_of_the_data_is_what_one_gets(executed) -> None:
    """Training may differ by processor; data, settings and split may not."""
    shown = texts(json.loads(EXPLORE.read_text(encoding="utf-8")))
    fresh = texts(executed[EXPLORE.stem])
    until = next(place for place, text in enumerate(shown) if "not held out before" in text)
    assert shown[: until + 1] == fresh[: until + 1]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_notebook_is_committed_small_with_outputs_and_without_a_machine(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert len(content) <= 300_000
    notebook = json.loads(content)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert sum(map(bool, texts(notebook))) >= 6
    outputs = "\n".join(texts(notebook))
    assert re.findall(r"(?<![\w.:'])/[a-z]+/\w+|\d{4}-\d\d-\d\d[ T]|:\d{2}:\d{2}", outputs) == []
    assert [cell["metadata"] for cell in notebook["cells"] if cell["metadata"]] == []
