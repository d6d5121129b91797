"""From real data to a served model by one command, and everything one asks of that run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest

pytestmark = pytest.mark.integration

CONTRACT = {
    "usecase", "stack", "run_id", "dataset_digest", "metrics", "decision", "reason",
    "model_version", "url", "seconds",
}  # fmt: skip


def test_it_ends_with_a_promoted_and_served_model(job) -> None:
    assert job.code == 0, job.err
    result = job.json
    assert set(result) == CONTRACT
    assert (result["usecase"], result["stack"], result["model_version"]) == ("digits", "local", "1")
    assert result["decision"] == "promoted"
    assert result["metrics"]["accuracy"] >= 0.96
    assert len(result["dataset_digest"]) == 64
    assert httpx.get(f"{result['url']}/version").json()["model_version"] == "1"


def test_progress_names_every_step_and_the_libraries_keep_quiet(job) -> None:
    lines = job.err.splitlines()
    done = [line.split()[1] for line in lines if " done " in line]
    assert sorted(done) == sorted([
        "load", "validate", "split", "drift_check", "train", "export", "profile", "evaluate",
        "compare", "register", "package", "deploy", "smoke",
    ])  # fmt: skip
    assert any("epoch" in line for line in lines)
    assert all(line[0] in "✓○=" for line in lines), job.err
    assert len(job.out.splitlines()) == 1


def test_the_users_home_folder_stays_empty(job, laptop) -> None:
    assert list(laptop.user.rglob("*")) == []


def test_running_again_is_cached_refused_and_ends_with_a_curl_line_that_answers(
    job, laptop
) -> None:
    again = laptop.kaizen("run", "digits", "--preset", "fast")
    assert again.code == 0, again.err
    cached = [line.split()[1] for line in again.err.splitlines() if line.startswith("=")]
    assert {"load", "validate", "split", "train", "export", "evaluate"} <= set(cached)
    assert "Refused" in again.out
    curl = next(line.strip() for line in again.out.splitlines() if "curl" in line)
    root = Path(__file__).parents[3]
    answer = subprocess.run(
        ["bash", "-c", curl], cwd=root, capture_output=True, text=True, check=True
    )
    due = next(line for line in again.out.splitlines() if line.startswith("the answer holds"))
    digit = due.split('"digit": ')[1][0]
    assert f'"digit":{digit}' in answer.stdout.replace(" ", "")


def test_a_required_promotion_that_is_refused_exits_with_1(job, laptop) -> None:
    refused = laptop.kaizen("train", "digits", "--preset", "fast", "--json", "--require-promotion")
    assert refused.code == 1
    assert refused.json["decision"] == "refused"
    assert refused.json["model_version"] == "1"


def test_the_champion_loads_by_plain_mlflow_in_a_fresh_process(job, laptop) -> None:
    code = """
import mlflow, numpy
model = mlflow.pyfunc.load_model("models:/digits@champion")
assert model.metadata.signature is not None and model.input_example is not None
print(model.predict({"image": numpy.zeros((3, 28, 28, 1), "uint8")})["probabilities"].shape)
try:
    model.predict({"image": numpy.zeros((3, 5), "uint8")})
except Exception as error:
    print(type(error).__name__)
"""
    store = {"MLFLOW_TRACKING_URI": laptop.home.mlflow_uri, "HOME": str(laptop.user)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=laptop.variables() | store,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[:2] == ["(3, 10)", "MlflowException"], done.stderr


def test_from_the_served_version_alone_one_reaches_data_parameters_and_code(job, laptop) -> None:
    version = httpx.get(f"{job.json['url']}/version").json()
    story = laptop.kaizen("why", f"digits@{version['model_version']}", "--json").json
    flat = str(story)
    assert job.json["dataset_digest"] in flat
    assert job.json["run_id"] in flat
    assert version["mlflow_run"] in flat
    assert version["bento"] in flat
    assert "params.epochs" in flat or "epochs" in flat
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    assert commit in flat


def test_each_answer_is_an_event(job, laptop) -> None:
    before = laptop.kaizen("events", "digits", "--json").json["count"]
    row = {"image": [0] * 784}
    answers = httpx.post(f"{job.json['url']}/predict", json={"rows": [row, row, row]}).json()
    after = laptop.kaizen("events", "digits", "--json", "-n", "3").json
    assert after["count"] == before + 3
    ids = [prediction["id"] for prediction in answers["predictions"]]
    assert [event["id"] for event in after["events"]] == ids


def test_a_file_of_rows_gets_the_answers_the_service_gives(job, laptop, tmp_path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    out = tmp_path / "answers.jsonl"
    done = laptop.kaizen(
        "score", "digits", str(tmp_path / "images.npy"), "--out", str(out), "--json"
    ).json
    assert (done["rows"], done["refused"], done["model_version"]) == (50, 0, "1")
    body, kind = images.tobytes(), {"content-type": "application/octet-stream"}
    live = httpx.post(f"{job.json['url']}/predict", content=body, headers=kind).json()
    for due, line in zip(live["predictions"], out.read_text().splitlines(), strict=True):
        answer = json.loads(line)
        assert answer["digit"] == due["digit"]
        assert answer["confidence"] == pytest.approx(due["confidence"], abs=1e-6)


def test_status_tells_what_is_champion_and_what_is_served(job, laptop) -> None:
    status = laptop.kaizen("status", "--json").json
    (model,) = [model for model in status["models"] if "champion" in model["aliases"]]
    (service,) = status["services"]
    assert model["usecase"] == service["usecase"] == "digits"
    assert model["version"] == service["version"] == "1"
    assert service["ready"]
    assert "champion" in laptop.kaizen("status").out


def served(machine) -> set[str]:
    return {entry["usecase"] for entry in machine.kaizen("status", "--json").json["services"]}


def test_two_homes_side_by_side_never_meet(job, laptop, neighbour) -> None:
    other = neighbour.kaizen("run", "diabetes", "--json")
    assert other.code == 0, other.err
    assert other.json["url"].split("/")[2] != job.json["url"].split("/")[2]
    assert served(neighbour) == {"diabetes"}
    assert served(laptop) == {"digits"}
    assert not {p.pid for p in laptop.processes()} & {p.pid for p in neighbour.processes()}
    assert neighbour.kaizen("down", "--json").json["ended"] > 0
    assert neighbour.processes() == []
    assert httpx.get(f"{job.json['url']}/readyz").status_code == httpx.codes.OK


def test_down_leaves_no_process_and_up_brings_the_same_model_back(job, laptop) -> None:
    assert laptop.processes() != []
    assert laptop.kaizen("down").code == 0
    assert laptop.processes() == []
    (live,) = laptop.kaizen("up", "--json").json["deployments"]
    assert live["url"] == job.json["url"]
    assert httpx.get(f"{live['url']}/version").json()["model_version"] == "1"
