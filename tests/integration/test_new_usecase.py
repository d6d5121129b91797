"""`kaizen new`, in a copy of the project: what it writes is clean, tested, and runs at once.

The tabular one is then given a spy and a parameter that fails, and is swept.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import copied, run

from kaizen.core.paths import Home

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SPY = """

class _Spied(RowsCase):
    def train(self, params: Any, train: Any, validation: Any, *rest: Any) -> Trained:
        if params.strength == 13:
            raise ValueError("thirteen")
        for rows in (train, validation):
            _seen(rows[list(COLUMNS)].to_numpy())
        return super().train(params, train, validation, *rest)

    def predict(self, model: Any, inputs: Inputs) -> Outputs:
        _seen(inputs["features"])
        return super().predict(model, inputs)


def _seen(rows: Any) -> None:
    import os
    import tempfile

    with tempfile.NamedTemporaryFile("w", dir=os.environ["SPY"], delete=False) as file:
        file.write("\\n".join(repr(value) for value in rows[:, 0].tolist()))


usecase = _Spied()
"""


@pytest.fixture(scope="module")
def spied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spied")


@pytest.fixture(scope="module")
def variables(newcomer, spied: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    state = tmp_path_factory.mktemp("state")
    return {**newcomer.variables(), "KAIZEN_HOME": str(state), "SPY": str(spied)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]) -> Iterator[Path]:
    root = copied(tmp_path_factory.mktemp("project"))
    for name, kind in (("rows", "tabular"), ("pictures", "image")):
        made = run(root, variables, "kaizen.cli.main", "new", name, "--kind", kind, "--json")
        assert made.returncode == 0, made.stderr
        assert all((root / file).is_file() for file in json.loads(made.stdout)["files"])
    yield root
    run(root, variables, "kaizen.cli.main", "down")


def test_what_is_written_is_clean(project: Path, variables: dict[str, str]) -> None:
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    places = ("usecases", "tests/unit/usecases", "src/kaizen/cli")
    for words in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        checked = run(project, variables, *words, *(places if words[0] == "ruff" else places[:1]))
        assert checked.returncode == 0, checked.stdout


def test_its_own_tests_pass(project: Path, variables: dict[str, str]) -> None:
    files = [f"tests/unit/usecases/test_{name}.py" for name in ("rows", "pictures")]
    tested = run(project, variables, "pytest", *files, "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout
    assert "100%" in tested.stdout


def test_an_image_use_case_is_trained_and_judged(project: Path, variables: dict[str, str]) -> None:
    ran = run(project, variables, "kaizen.cli.main", "train", "pictures", "--json")
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert result["decision"] == "promoted"
    assert result["metrics"]["accuracy"] >= 0.8


@pytest.fixture(scope="module")
def swept(project: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The whole loop with a sweep, of which one candidate fails."""
    model = project / "usecases" / "rows" / "model.py"
    model.write_text(model.read_text().replace("\nusecase = RowsCase()\n", SPY))
    words = ("run", "rows", "--sweep", "strength=13,1,0.1", "--json")
    return run(project, variables, "kaizen.cli.main", *words)


def test_it_runs_end_to_end_and_a_failed_candidate_is_named(swept) -> None:
    import httpx

    assert swept.returncode == 0, swept.stderr
    result = json.loads(swept.stdout)
    assert result["decision"] == "promoted"
    assert httpx.get(f"{result['url']}/version").json()["usecase"] == "rows"
    *done, failed = result["sweep"]["candidates"]
    assert {one["params"]["strength"] for one in done} == {1, 0.1}
    assert failed["params"] == {"strength": 13}
    assert failed["reason"] == "ValueError: thirteen"
    assert "strength=13.0: failed: ValueError: thirteen" in swept.stderr
    assert "best of 3, 1 failed" in swept.stderr


def test_what_failed_is_tried_again_and_what_did_not_is_known(
    swept, project: Path, variables: dict[str, str]
) -> None:
    words = ("run", "rows", "--sweep", "strength=1,13,2", "--plan", "--json")
    planned = run(project, variables, "kaizen.cli.main", *words)
    assert planned.returncode == 0, planned.stderr
    steps = {step["step"]: step["runs"] for step in json.loads(planned.stdout)["steps"]}
    assert [steps[f"candidate_{number}"] for number in (1, 2, 3)] == [False, True, True]


def test_a_failed_candidate_is_a_failed_run_in_mlflow(swept, variables: dict[str, str]) -> None:
    from mlflow import MlflowClient

    mlflow = MlflowClient(Home(Path(variables["KAIZEN_HOME"])).mlflow_uri)
    [experiment] = [one for one in mlflow.search_experiments() if one.name == "rows"]
    runs = mlflow.search_runs([experiment.experiment_id], "tags.candidate != ''")
    assert sorted(child.info.status for child in runs) == ["FAILED", "FINISHED", "FINISHED"]


def test_no_held_out_row_is_seen_by_training_or_choice(
    swept, spied: Path, variables: dict[str, str]
) -> None:
    from kaizen.core.settings import HashSplit
    from kaizen.data import versions
    from kaizen.data.split import split

    digest = json.loads(swept.stdout)["dataset_digest"]
    rows = versions.load("rows", digest, Home(Path(variables["KAIZEN_HOME"])))
    parts = split(rows, HashSplit())
    seen = {
        float(value) for file in spied.iterdir() for value in file.read_text().splitlines() if value
    }
    assert seen >= set(parts.train["first"])
    assert seen.isdisjoint(parts.holdout["first"])
