"""Training and export of digits, on a few hundred rows."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest

from kaizen.core import config
from kaizen.core.environment import apply
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.usecase import Inputs, Split, Trained
from kaizen.data.split import split
from kaizen.inference.scorer import Scorer
from usecases.digits import source
from usecases.digits.features import features
from usecases.digits.model import usecase
from usecases.digits.settings import Params

PARAMS = Params(
    epochs=2, batch_size=16, filters=(4, 8), embedding=16, max_rows=600, shift=0, turn=0
)


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(source.load(source.Data()), config.HashSplit())


@pytest.fixture(scope="module", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        state = Home(tmp_path_factory.mktemp("home"))
        for name in ("KAIZEN_HOME", "KERAS_HOME", "TF_CPP_MIN_LOG_LEVEL"):
            patch.setenv(name, "")  # put back as they were when the module ends
        apply(state)
        yield


def train(parts: Split, seed: int = 0, params: Params = PARAMS) -> tuple[Trained, list[str]]:
    said: list[str] = []
    validation = parts.validation.head(200)
    return usecase.train(params, parts.train, validation, seed, said.append), said


@pytest.fixture(scope="module")
def trained(parts: Split, environment: None) -> tuple[Trained, list[str]]:
    return train(parts)


@pytest.fixture(scope="module")
def exported(trained: tuple[Trained, list[str]]) -> bytes:
    return usecase.export(trained[0].model)


@pytest.fixture(scope="module")
def inputs(parts: Split) -> Inputs:
    return features.decode(parts.holdout.head(300))


def weights(model: Any) -> bytes:
    return b"".join(weight.tobytes() for weight in model.get_weights())


def test_it_learns_and_says_so(
    trained: tuple[Trained, list[str]], exported: bytes, inputs: Inputs, parts: Split
) -> None:
    model, said = trained
    assert [line.split(", ")[0] for line in said] == ["epoch 1/2", "epoch 2/2"]
    assert said[1] == f"epoch 2/2, val_accuracy {model.curves['val_accuracy'][1]:.3f}"
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= model.curves.keys()
    assert all(len(curve) == 2 for curve in model.curves.values())
    right = features.answer(Scorer(exported)(inputs)) == parts.holdout.head(300)["label"]
    assert right.mean() > 0.5  # chance is 0.1


def test_the_same_seed_gives_the_same_weights(
    trained: tuple[Trained, list[str]], exported: bytes, parts: Split
) -> None:
    again = train(parts)[0].model
    assert weights(again) == weights(trained[0].model)
    assert usecase.export(again) == exported


def test_the_export_answers_as_the_model_does(
    trained: tuple[Trained, list[str]], exported: bytes, inputs: Inputs
) -> None:
    scorer = Scorer(exported)
    assert scorer.inputs == ["image"]
    assert sorted(scorer.outputs) == ["embedding", "probabilities"]
    found, own = scorer(inputs), usecase.predict(trained[0].model, inputs)
    for name, shape in (("probabilities", (300, 10)), ("embedding", (300, 16))):
        assert found[name].shape == own[name].shape == shape
        assert np.abs(found[name] - own[name]).max() <= 1e-4
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, atol=1e-5)
    one = scorer({"image": inputs["image"][:1]})
    np.testing.assert_allclose(one["embedding"], found["embedding"][:1], atol=1e-5)


def test_the_graph_asks_for_no_shape(exported: bytes) -> None:
    # What tf2onnx makes of a batch's shape follows the process's hash seed: other bytes each time.
    assert "Shape" not in {node.op_type for node in onnx.load_from_string(exported).graph.node}


def test_a_model_read_from_disk_exports_the_same_bytes(
    trained: tuple[Trained, list[str]], exported: bytes, tmp_path: Path
) -> None:
    import keras

    trained[0].model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert usecase.export(loaded) == exported


def test_training_without_validation_rows_runs_every_epoch(parts: Split) -> None:
    params = PARAMS.model_copy(update={"max_rows": 64, "patience": 1})
    trained = usecase.train(params, parts.train, parts.validation.iloc[:0], 0, lambda _: None)
    assert "val_loss" not in trained.curves
    assert len(trained.curves["loss"]) == 2


def test_training_stops_early_and_keeps_the_best_weights(parts: Split) -> None:
    # So large a rate makes the loss jump about: the best epoch is not the last.
    params = PARAMS.model_copy(
        update={"epochs": 30, "patience": 1, "max_rows": 64, "learning_rate": 0.3}
    )
    trained, _ = train(parts, params=params)
    losses = trained.curves["val_loss"]
    assert len(losses) < 30
    validation = parts.validation.head(200)
    answers = usecase.predict(trained.model, features.decode(validation))["probabilities"]
    truth = answers[np.arange(len(answers)), validation["label"].to_numpy()]
    assert -np.log(np.clip(truth, 1e-7, 1)).mean() == pytest.approx(min(losses), rel=1e-3)


def test_augmentation_moves_as_it_says() -> None:
    from kaizen.modeling.augmentation import moved

    image = np.zeros((1, 28, 28, 1), np.float32)
    image[0, 10, 20] = 255
    nothing, turn = np.zeros((1, 2)), np.zeros(1)
    assert np.array_equal(moved(image, nothing, turn), image)
    shifted = np.asarray(moved(image, np.array([[2.0, 3.0]]), turn))
    assert np.argwhere(shifted[0, :, :, 0]).tolist() == [[7, 18]]
    turned = np.asarray(moved(image, nothing, np.array([np.pi / 2])))
    assert turned[0, :, :, 0].max() == pytest.approx(255, rel=1e-3)
    assert np.unravel_index(turned[0, :, :, 0].argmax(), (28, 28)) in {(7, 10), (20, 17)}


def test_batches_cover_every_row_once_in_an_order_that_changes() -> None:
    from kaizen.modeling.augmentation import Batches

    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28, 1), dtype=np.uint8)
    labels = np.arange(50)
    batches = Batches(images, labels, size=16, seed=3, shift=1, turn=5)
    again = Batches(images, labels, size=16, seed=3, shift=1, turn=5)
    other = Batches(images, labels, size=16, seed=4, shift=1, turn=5)
    assert np.array_equal(batches[1][0], again[1][0])
    assert batches[1][1].tolist() != other[1][1].tolist()
    first = [batches[at][1].tolist() for at in range(len(batches))]
    assert [len(batch) for batch in first] == [16, 16, 16, 2]
    assert sorted(chain.from_iterable(first)) == list(range(50))
    batches.on_epoch_end()
    assert [batches[at][1].tolist() for at in range(len(batches))] != first


def test_keras_digits_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(KaizenError, match=r"cannot fetch MNIST.*data\.source=packaged"):
        source.load(source.Data(source="keras"))


def test_keras_digits_are_train_and_test_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from keras.datasets import mnist

    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    labels = np.array([5, 0, 4, 1, 9], np.uint8)
    fetched = ((images[:3], labels[:3]), (images[3:], labels[3:]))
    monkeypatch.setattr(mnist, "load_data", lambda: fetched)
    frame = source.load(source.Data(source="keras"))
    assert frame["label"].tolist() == labels.tolist()
    assert frame["image"][4] == images[4].tobytes()
    assert isinstance(frame, pd.DataFrame)


def test_the_shipped_configurations() -> None:
    full, fast = config.load("digits"), config.load("digits", preset="fast")
    assert (full.gate.metric, full.gate.direction) == ("accuracy", "higher")
    assert fast.params.epochs < full.params.epochs
