from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from repository import PROJECT_ROOT

from kaizen.inference.scorer import Scorer


def test_outputs_have_their_names_and_one_row_each(onnx_model: bytes) -> None:
    scorer = Scorer(onnx_model)
    assert (scorer.inputs, scorer.outputs) == (["features"], ["prediction"])
    outputs = scorer({"features": np.zeros((3, 10))})
    np.testing.assert_allclose(outputs["prediction"], np.full((3, 1), 150.0))


def test_nobody_is_called_when_a_model_is_loaded(onnx_model: bytes, tmp_path: Path) -> None:
    """ONNX Runtime's telemetry leaves a file of its session; without it there is none."""
    (tmp_path / "model").write_bytes(onnx_model)
    code = (
        "import sys; from kaizen.inference.scorer import Scorer; "
        "Scorer(open(sys.argv[1], 'rb').read())"
    )
    environment = {key: value for key, value in os.environ.items() if "TELEMETRY" not in key}
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model")],
        env={**environment, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
        cwd=PROJECT_ROOT,
        check=True,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
