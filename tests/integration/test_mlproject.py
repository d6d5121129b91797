"""`mlflow run` of the project, from a file URL: kaizen works in the run that MLflow began.

Without --version: with it MLflow makes a file URL's own repository shallow and gives it a remote.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient
from project import copied

from kaizen.core.paths import Home

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def git(root: Path, *words: str) -> str:
    author = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    done = subprocess.run(
        ["git", *author, *words], cwd=root, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


def test_a_project_run_ends_finished_with_commit_and_parameters(newcomer, tmp_path: Path) -> None:
    root = copied(tmp_path / "project")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "all of it")
    store = f"sqlite:///{tmp_path / 'store.db'}"
    state = Home(tmp_path / "state")
    environment = newcomer.variables() | {
        "PATH": f"{Path(sys.executable).parent}:{newcomer.variables()['PATH']}",
        "KAIZEN_HOME": str(state.root),
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "mlflow", "run", root.as_uri(),
         "-e", "train", "-P", "usecase=diabetes", "-P", "alpha=.4", "-P", "set=gate.margin=0.01",
         "--env-manager", "local"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=550, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    mlflow = MlflowClient(store)
    [run] = mlflow.search_runs(["0"])
    assert run.info.status == "FINISHED"
    head = git(root, "rev-parse", "HEAD")
    assert run.data.tags["mlflow.source.git.commit"] == run.data.tags["commit"] == head
    assert run.data.tags["mlflow.project.entryPoint"] == "train"
    assert run.data.params["params.alpha"] == "0.4"
    assert run.data.params["gate.margin"] == "0.01"
    assert round(run.data.metrics["mse"], 1) == 3295.7
    assert run.data.tags["decision"] == "promoted"
    assert mlflow.get_model_version("diabetes", "1").run_id == run.info.run_id
    assert not (state.mlflow / "mlflow.db").exists()
