import json
from pathlib import Path

import numpy as np
import pytest
import yaml

import kaizen
from kaizen.core import commit
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Decision
from kaizen.evaluation import plots
from kaizen.registry import store, tracking
from kaizen.registry.tracking import DatasetUsed, Record

CONFIG = {"seed": 0, "params": {"alpha": 0.4, "layers": [8, 4]}, "split": {"KIND": "hash"}}
DATASET = DatasetUsed("digits", "a" * 64, 442, "datasets/digits")


@pytest.fixture
def handed_over(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run opened by ``mlflow run``."""
    run = store.client().create_run(store.experiment(name)).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run)
    return run


def test_a_run_says_what_it_was_started_with(name: str, home: Home) -> None:
    run_id = tracking.start(name, CONFIG, {"stack": "local"})
    run = store.client().get_run(run_id)
    assert run.info.status == "RUNNING"
    assert run.data.params == {
        "seed": "0",
        "params.alpha": "0.4",
        "params.layers": "[8, 4]",
        "split.KIND": "hash",
    }
    assert run.data.tags["usecase"] == name
    assert run.data.tags["stack"] == "local"
    assert run.data.tags["kaizen"] == kaizen.__version__
    here = commit.current()
    if here is not None:
        assert run.data.tags["commit"] == run.data.tags["mlflow.source.git.commit"] == here.id
    experiment = store.client().get_experiment(run.info.experiment_id)
    assert experiment.name == name
    assert Path(experiment.artifact_location) == home.mlflow / "artifacts" / name


def test_a_finished_run_holds_the_whole_record(name: str, tmp_path: Path) -> None:
    run_id = tracking.start(name, CONFIG, {})
    decision = Decision(decision="refused", reason="Refused: …", metric="mse", gain=-0.2, rows=9)
    truth = np.arange(9.0)
    record = Record(
        dataset=DATASET,
        metrics={"mse": 2.5},
        config=CONFIG,
        curves={"loss": [3.0, 2.0, 1.0], "mse": [9.0, 4.0], "by_k": {"2": 0.5, "10": 0.25}},
        summary={"k": 2, "segments": [{"name": "young"}]},
        figure=plots.residuals(truth, truth + 1, "mg/dl"),
        decision=decision,
    )
    tracking.finish(run_id, record)
    tracking.finish(run_id, record)
    mlflow = store.client()
    run = mlflow.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["mse"] == 2.5
    assert run.data.metrics["gate.gain"] == -0.2
    assert run.data.tags["decision"] == "refused"
    assert run.data.tags["reason"] == "Refused: …"
    history = {point.step: point.value for point in mlflow.get_metric_history(run_id, "loss")}
    assert history == {1: 3.0, 2: 2.0, 3: 1.0}
    history = {point.step: point.value for point in mlflow.get_metric_history(run_id, "by_k")}
    assert history == {2: 0.5, 10: 0.25}
    [used] = run.inputs.dataset_inputs
    assert used.dataset.name == "digits"
    assert DATASET.digest.startswith(used.dataset.digest)
    assert json.loads(used.dataset.source)["digest"] == run.data.tags["dataset_digest"] == "a" * 64
    assert json.loads(used.dataset.profile) == {"num_rows": 442}

    files = Path(mlflow.download_artifacts(run_id, "", str(tmp_path)))
    assert yaml.safe_load((files / "config.yaml").read_text()) == CONFIG
    assert Decision.model_validate_json((files / "decision.json").read_text()) == decision
    assert json.loads((files / "summary.json").read_text()) == record.summary
    assert "python" in json.loads((files / "environment.json").read_text())
    assert "\nmlflow==" in (files / "packages.txt").read_text()
    assert (files / "residuals.png").read_bytes().startswith(b"\x89PNG")


def test_more_than_one_batch_of_metrics_and_parameters(name: str) -> None:
    config = {f"p{number}": number for number in range(150)}
    run_id = tracking.start(name, config, {})
    curve = [float(step) for step in range(1500)]
    tracking.finish(run_id, Record(dataset=DATASET, metrics={}, curves={"loss": curve}))
    assert len(store.client().get_run(run_id).data.params) == 150
    assert len(store.client().get_metric_history(run_id, "loss")) == 1500


def test_a_failed_run_says_why(name: str) -> None:
    run_id = tracking.start(name, {}, {})
    tracking.fail(run_id, "the contract was broken: 3 nulls in bmi")
    run = store.client().get_run(run_id)
    assert run.info.status == "FAILED"
    assert run.data.tags["reason"] == "the contract was broken: 3 nulls in bmi"


def test_the_run_of_mlflow_run_is_adopted_once(name: str, handed_over: str) -> None:
    assert tracking.start(name, CONFIG, {}) == handed_over
    child = tracking.start(name, {**CONFIG, "seed": 1}, {})
    assert child != handed_over
    assert store.client().get_run(handed_over).data.params["seed"] == "0"
    assert store.client().get_run(child).data.tags["mlflow.parentRunId"] == handed_over


def test_a_run_that_is_not_in_this_store_is_an_error(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    with pytest.raises(KaizenError, match="MLFLOW_RUN_ID is '0000"):
        tracking.start(name, {}, {})


def test_the_experiment_of_mlflow_run_wins(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = store.client().create_experiment(f"{name}-given")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", given)
    run = store.client().get_run(tracking.start(name, {}, {}))
    assert run.info.experiment_id == given


def test_a_deleted_experiment_comes_back_with_its_next_run(name: str) -> None:
    experiment = store.experiment(name)
    store.client().delete_experiment(experiment)
    run = store.client().get_run(tracking.start(name, {}, {}))
    assert run.info.experiment_id == experiment
    assert store.client().get_experiment(experiment).lifecycle_stage == "active"


def test_another_store_wins_when_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert store.uri() == "http://127.0.0.1:5000"
