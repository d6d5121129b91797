"""Artifacts come back as they were stored, and nothing in them runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from stacks.zenml_materializers import ArrayMaterializer, FrameMaterializer, ModelMaterializer

pytestmark = pytest.mark.usefixtures("zenml")


@pytest.fixture
def folder(home) -> Path:
    from zenml.client import Client

    path = Path(Client().active_stack.artifact_store.path, "materializer-tests")
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_a_frame_comes_back_with_its_types(folder: Path) -> None:
    frame = pd.DataFrame(
        {"image": [b"\x00\xff", b""], "label": [3, 4], "weight": [0.1, np.nan], "name": ["é", None]}
    )
    materializer = FrameMaterializer(str(folder))
    materializer.save(frame)
    pd.testing.assert_frame_equal(materializer.load(pd.DataFrame), frame)
    assert materializer.extract_metadata(frame)["rows"] == 2


def test_an_empty_part_keeps_its_columns(folder: Path) -> None:
    empty = pd.DataFrame({"a": [1.5], "b": ["x"]}).iloc[:0]
    materializer = FrameMaterializer(str(folder))
    materializer.save(empty)
    assert list(materializer.load(pd.DataFrame).columns) == ["a", "b"]


def test_an_array_comes_back_and_objects_are_refused(folder: Path) -> None:
    materializer = ArrayMaterializer(str(folder))
    array = np.arange(6, dtype="float32").reshape(2, 3)
    materializer.save(array)
    np.testing.assert_array_equal(materializer.load(np.ndarray), array)
    with pytest.raises(ValueError, match="allow_pickle"):
        materializer.save(np.array([{"code": 1}], dtype=object))


def test_a_scikit_learn_model_comes_back_with_its_answers(folder: Path) -> None:
    rows, truth = np.eye(4), np.arange(4.0)
    model = Ridge(alpha=0.1).fit(rows, truth)
    materializer = ModelMaterializer(str(folder))
    materializer.save(model)
    np.testing.assert_array_equal(materializer.load(object).predict(rows), model.predict(rows))


class Stranger:
    """Of a type that nobody trusts."""


def test_a_model_that_holds_an_unknown_type_is_not_loaded(folder: Path) -> None:
    model = Ridge().fit(np.eye(3), np.arange(3.0))
    model.stranger = Stranger()
    materializer = ModelMaterializer(str(folder))
    materializer.save(model)
    with pytest.raises(Exception, match="Stranger"):
        materializer.load(object)
