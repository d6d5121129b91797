"""Artifacts come back as they were stored, and nothing in them runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from kaizen.core.errors import KaizenError
from kaizen.orchestration.materializers import (
    ArrayMaterializer,
    FrameMaterializer,
    ModelMaterializer,
    OnnxMaterializer,
)

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
    facts = materializer.extract_metadata(frame)
    assert (facts["rows"], facts["columns"]) == (2, ["image", "label", "weight", "name"])
    assert facts["types"]["label"] == "int64"


def test_numbers_of_a_frame_are_mapped_from_its_file_and_not_copied(folder: Path) -> None:
    materializer = FrameMaterializer(str(folder))
    materializer.save(pd.DataFrame(np.arange(20.0).reshape(10, 2), columns=["a", "b"]))
    path = Path(materializer.uri, "frame.arrow")
    loaded = materializer.load(pd.DataFrame)
    raw = bytearray(path.read_bytes())
    at = raw.index(np.array([0.0, 2.0, 4.0]).tobytes())
    with path.open("r+b") as file:
        file.seek(at)
        file.write(np.array([7.0]).tobytes())
    assert loaded["a"][0] == 7.0
    materializer.save(pd.DataFrame({"a": [1.0]}))
    assert loaded["a"][0] == 7.0
    assert (loaded + 1)["a"][0] == 8.0


def test_what_is_made_anew_with_the_same_content_has_the_same_digest(folder: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": ["x", None, "z"]})
    model = Ridge(alpha=0.1).fit(np.eye(4), np.arange(4.0))
    array = np.arange(6.0).reshape(2, 3)
    for kind, same, other in (
        (FrameMaterializer, frame.copy(), frame.rename(columns={"a": "c"})),
        (FrameMaterializer, frame.copy(), frame.assign(b=["x", None, "y"])),
        (ArrayMaterializer, array.T.copy().T, array.reshape(3, 2)),
        (ArrayMaterializer, array.copy(), array.astype("float32")),
        (ModelMaterializer, Ridge(alpha=0.1).fit(np.eye(4), np.arange(4.0)), Ridge(alpha=0.1)),
    ):
        first = {FrameMaterializer: frame, ArrayMaterializer: array, ModelMaterializer: model}[kind]
        digest = kind(str(folder)).compute_content_hash(first)
        assert kind(str(folder)).compute_content_hash(same) == digest
        assert kind(str(folder)).compute_content_hash(other) != digest
    stored = FrameMaterializer(str(folder))
    stored.save(frame)
    loaded = FrameMaterializer(str(folder)).load(pd.DataFrame)
    assert stored.compute_content_hash(loaded) == FrameMaterializer(
        str(folder)
    ).compute_content_hash(frame)


def test_a_store_elsewhere_gets_a_compressed_frame(folder: Path, monkeypatch) -> None:
    frame = pd.DataFrame({"a": np.zeros(100_000)})
    materializer = FrameMaterializer(str(folder))
    monkeypatch.setattr(FrameMaterializer, "_local", False)
    materializer.save(frame)
    assert Path(materializer.uri, "frame.arrow").stat().st_size < 50_000
    pd.testing.assert_frame_equal(materializer.load(pd.DataFrame), frame)


def test_an_empty_part_keeps_its_columns(folder: Path) -> None:
    empty = pd.DataFrame({"a": [1.5], "b": ["x"]}).iloc[:0]
    materializer = FrameMaterializer(str(folder))
    materializer.save(empty)
    assert list(materializer.load(pd.DataFrame).columns) == ["a", "b"]


def test_an_array_comes_back_and_objects_are_refused(folder: Path) -> None:
    materializer = ArrayMaterializer(str(folder))
    array = np.arange(6, dtype="float32").reshape(2, 3)
    materializer.save(array)
    loaded = materializer.load(np.ndarray)
    np.testing.assert_array_equal(loaded, array)
    assert type(loaded) is np.ndarray
    assert not loaded.flags.writeable
    materializer.save(np.empty((0, 3)))
    assert materializer.load(np.ndarray).shape == (0, 3)
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


def onnx_bytes() -> bytes:
    from skl2onnx import to_onnx

    return to_onnx(
        Ridge().fit(np.eye(3), np.arange(3.0)), np.eye(3)
    ).SerializeToString()  # fmt: skip


def test_onnx_comes_back_as_it_was_with_what_is_in_it(folder: Path) -> None:
    materializer, content = OnnxMaterializer(str(folder)), onnx_bytes()
    materializer.save(content)
    materializer.expected_content_hash = materializer.compute_content_hash(content)
    assert materializer.load(bytes) == content
    facts = materializer.extract_metadata(content)
    assert facts["inputs"] == ["X"]
    assert facts["bytes"] == len(content)
    Path(materializer.uri, "model.onnx").write_bytes(content[:-1])
    with pytest.raises(KaizenError, match="damaged"):
        materializer.load(bytes)


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04" * 20])
def test_what_is_no_onnx_is_not_stored_as_such(folder: Path, content: bytes) -> None:
    with pytest.raises(KaizenError, match="no ONNX model"):
        OnnxMaterializer(str(folder)).save(content)


def test_other_bytes_are_not_taken_for_onnx() -> None:
    from zenml.materializers.materializer_registry import materializer_registry

    assert materializer_registry[bytes] is not OnnxMaterializer
    assert materializer_registry[pd.DataFrame] is FrameMaterializer


def test_a_keras_model_has_its_layers_and_a_digest_of_what_it_learnt(folder: Path) -> None:
    import keras

    keras.utils.set_random_seed(1)
    inputs = keras.Input((3,), name="in")
    model = keras.Model(inputs, keras.layers.Dense(2, name="out")(inputs), name="small")
    materializer = ModelMaterializer(str(folder))
    materializer.save(model)
    loaded = materializer.load(object)
    rows = np.eye(3, dtype="float32")
    np.testing.assert_array_equal(loaded(rows), model(rows))
    assert materializer.extract_metadata(model)["parameters"] == 8
    (path,) = materializer.save_visualizations(model)
    assert "Dense" in Path(path).read_text()
    digest = materializer.compute_content_hash(model)
    assert materializer.compute_content_hash(loaded) == digest
    model.set_weights([weight + 1 for weight in model.get_weights()])
    assert materializer.compute_content_hash(model) != digest
