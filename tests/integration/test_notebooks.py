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

from kaizen.paths import PROJECT_ROOT

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NOTEBOOKS = PROJECT_ROOT / "notebooks"
EXPLORE = NOTEBOOKS / "explore_digits.ipynb"
EXECUTE = """
import sys
from pathlib import Path
from kaizen import environment
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
def executed(newcomer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The notebook with the outputs of a fresh machine."""
    result = tmp_path_factory.mktemp("notebook") / "executed.ipynb"
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(EXPLORE), str(result)],
        env=newcomer.variables(), capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    try:
        assert done.returncode == 0, done.stderr
        yield json.loads(result.read_text(encoding="utf-8"))
    finally:
        newcomer.kaizen("down")


def test_it_runs_and_the_users_home_folder_stays_empty(executed, newcomer) -> None:
    assert list(newcomer.user.rglob("*")) == []
    pictures = [
        output
        for cell in executed["cells"]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 2


def test_it_trains_a_model_that_is_promoted_and_answers(executed) -> None:
    said = "\n".join(texts(executed))
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
    fresh = texts(executed)
    until = next(place for place, text in enumerate(shown) if "not held out before" in text)
    assert shown[: until + 1] == fresh[: until + 1]


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_is_committed_small_with_outputs_and_without_a_machine(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert len(content) <= 300_000
    notebook = json.loads(content)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert sum(map(bool, texts(notebook))) >= 8
    outputs = "\n".join(texts(notebook))
    assert re.findall(r"(?<![\w.:])/[a-z]+/\w+|\d{4}-\d\d-\d\d[ T]|:\d{2}:\d{2}", outputs) == []
    assert [cell["metadata"] for cell in notebook["cells"] if cell["metadata"]] == []
