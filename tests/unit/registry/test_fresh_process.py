"""A registered model serves whoever has MLflow: no kaizen, nothing but the store's address."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from kaizen.registry import store, versions

ELSEWHERE = """
import json, sys
import mlflow.pyfunc, numpy as np
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = np.array(json.loads(sys.argv[2]), dtype=np.float32)
said = {"answers": model.predict({"rows": rows})["variable"].ravel().tolist()}
said["schema"] = [model.metadata.get_input_schema().to_dict(), model.input_example is not None]
for name, wrong in {"shape": rows[:, :9], "rank": rows[0], "type": rows.astype(str)}.items():
    try:
        said[name] = repr(model.predict({"rows": wrong}))
    except mlflow.exceptions.MlflowException as error:
        said[name] = "refused: " + str(error)
said["kaizen"] = any(name.startswith(("kaizen", "registry")) for name in sys.modules)
print(json.dumps(said))
"""


def test_plain_mlflow_loads_it_answers_and_refuses_a_wrong_shape(
    name: str, register: Callable[..., str], make: Callable, tmp_path: Path
) -> None:
    versions.promote(name, register(0.4))
    made = make(0.4)
    rows = json.dumps(made.inputs["rows"].tolist())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ELSEWHERE, f"models:/{name}@champion", rows],
        env={
            "MLFLOW_TRACKING_URI": store.uri(),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_allclose(said["answers"], made.outputs["variable"].ravel(), rtol=1e-6)
    [[column], has_example] = said["schema"]
    assert column["name"] == "rows"
    assert column["tensor-spec"] == {"dtype": "float32", "shape": [-1, 10]}
    assert has_example
    for wrong in ("shape", "rank", "type"):
        assert said[wrong].startswith("refused: "), said[wrong]
    assert not said["kaizen"]


def test_its_requirements_are_pinned(name: str, register: Callable[..., str]) -> None:
    version = register(0.4)
    folder = Path(store.client().get_model_version_download_uri(name, version))
    pinned = (folder / "requirements.txt").read_text().split()
    assert [line.split("==")[0] for line in pinned] == ["mlflow", "numpy", "onnxruntime"]
    assert all("==" in line for line in pinned)
    described = yaml.safe_load((folder / "MLmodel").read_text())
    assert described["flavors"].keys() == {"onnx", "python_function"}
