from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import InvalidInput
from kaizen.inference.golden import Golden
from kaizen.inference.parser import BYTES
from kaizen.server.model import Model


def test_a_release_answers_its_golden_set(release: Any, golden: Golden) -> None:
    model = Model(release())
    model.check()
    assert (model.usecase, model.version) == ("diabetes", "7")
    assert model.row_seconds > 0


def test_a_changed_model_is_not_loaded(release: Any) -> None:
    folder = release()
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b" ")
    with pytest.raises(KaizenError, match=r"SHA-256 .*build it again"):
        Model(folder)


def test_other_outputs_than_the_golden_ones_are_found(release: Any, golden: Golden) -> None:
    outputs = {"prediction": [[value + 0.01] for [value] in golden.outputs["prediction"]]}
    model = Model(release(answers=dataclasses.replace(golden, outputs=outputs)))
    with pytest.raises(KaizenError, match=r"differ by 0\.01"):
        model.check()


def test_other_responses_than_the_golden_ones_are_found(release: Any, golden: Golden) -> None:
    responses = [*golden.responses[:-1], {"progression": -1.0}]
    model = Model(release(answers=dataclasses.replace(golden, responses=responses)))
    with pytest.raises(KaizenError, match=r"golden request 19: expected .*-1\.0"):
        model.check()


def test_an_answer_that_is_not_finite_is_the_rows_fault(release: Any) -> None:
    model = Model(release())
    rows = np.zeros((3, 10))
    rows[1] = 1.7e308
    rows[1, :5] *= -1
    with pytest.raises(InvalidInput, match="not a finite number") as caught:
        model.score(model.parser(BYTES, rows.tobytes()))
    assert (caught.value.field, caught.value.row) == ("prediction", 1)


def test_the_golden_set_may_be_larger_than_a_request(release: Any) -> None:
    Model(release(max_rows=3)).check()


def test_metadata_is_kept_as_it_is(release: Any) -> None:
    folder = release()
    assert Model(folder).metadata == json.loads((folder / "metadata.json").read_text())
