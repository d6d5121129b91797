from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kaizen.core.config import load
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.usecase import InvalidInput, Trained
from kaizen.inference.scorer import Scorer
from usecases.documents import silhouettes
from usecases.documents.features import Request, features
from usecases.documents.model import usecase
from usecases.documents.pictures import prepare
from usecases.documents.settings import Params

PARAMS = Params(
    epochs=2, batch_size=16, filters=(8, 16), embedding=16, learning_rate=0.01, flip=False
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    images, classes = silhouettes.load()
    prepared = [prepare(image).tobytes() for image in images[:300]]
    return pd.DataFrame({"image": prepared, "label": classes[:300]})


@pytest.fixture(scope="module")
def trained(rows: pd.DataFrame) -> Trained:
    return usecase.train(PARAMS, rows[:240], rows[240:270], 0, lambda _: None)


@pytest.fixture(scope="module")
def exported(trained: Trained) -> bytes:
    return usecase.export(trained.model)


def test_it_learns_and_the_export_answers_as_it_does(trained, exported, rows) -> None:
    inputs = features.decode(rows[:200])
    own, found = usecase.predict(trained.model, inputs), Scorer(exported)(inputs)
    for name, shape in (("probabilities", (200, 3)), ("embedding", (200, 16))):
        assert found[name].shape == own[name].shape == shape
        assert np.abs(found[name] - own[name]).max() <= 1e-4
    assert len(trained.curves["val_accuracy"]) == 2
    answers = features.answer(found)
    assert set(answers) <= {"cat", "dog", "other"}


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_the_convolutions_can_be_taken_over(trained, rows, tmp_path: Path) -> None:
    from usecases.documents import network

    for name in ("backbone.weights.h5", "backbone.keras"):
        path = tmp_path / name
        network.save_backbone(trained.model, path)
        params = PARAMS.model_validate({**PARAMS.model_dump(), "backbone_weights": {"path": path}})
        started = network.build(params).get_layer("backbone").get_weights()
        due = trained.model.get_layer("backbone").get_weights()
        assert all(np.array_equal(one, two) for one, two in zip(started, due, strict=True))
        wrong = params.model_copy(update={"filters": (4, 8)})
        with pytest.raises(KaizenError, match=r"does not hold the weights.*params\.filters"):
            network.build(wrong)
    whole = tmp_path / "model.keras"
    trained.model.save(whole)
    params = PARAMS.model_validate({**PARAMS.model_dump(), "backbone_weights": {"path": whole}})
    assert network.build(params).count_params() == trained.model.count_params()
    whole.write_bytes(b"no weights")
    with pytest.raises(KaizenError, match="does not hold the weights"):
        network.build(params)


def test_weights_are_named_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "a.weights.h5"
    path.write_bytes(b"one")
    said = [f"params.backbone_weights.path={path}"]
    first = load("documents", settings=said).params.backbone_weights
    assert len(first.sha256) == 64
    path.write_bytes(b"two")
    assert load("documents", settings=said).params.backbone_weights.sha256 != first.sha256
    for wrong, reason in (
        ([*said, f"params.backbone_weights.sha256={first.sha256}"], "not the file meant"),
        (["params.backbone_weights.path=nowhere.keras"], "No such file"),
        (["params.backbone_weights.path=weights.pkl"], "ends with neither"),
    ):
        with pytest.raises(UsageError, match=reason):
            load("documents", settings=wrong)


def test_answers_and_what_monitoring_sees() -> None:
    outputs = {
        "probabilities": np.float32([[0.7, 0.2, 0.1], [0, 0, 1.0000001]]),
        "embedding": np.ones((2, 5), np.float32),
    }
    assert [answer.model_dump(exclude_none=True) for answer in features.respond(outputs)] == [
        {"label": "cat", "confidence": pytest.approx(0.7)},
        {"label": "other", "confidence": 1.0},
    ]
    inputs = features.decode({"image": [bytes([255]) * 512 + bytes(512), bytes(1024)]})
    seen = features.observe(inputs, outputs)
    assert seen["label"].tolist() == ["cat", "other"]
    assert seen["ink"].tolist() == [0.5, 0.0]
    assert seen["embedding"].shape == (2, 5)


def test_a_row_a_request_and_an_array_decode_alike(rows: pd.DataFrame) -> None:
    due = features.decode(rows)["image"]
    requests = [features.request(row) for row in rows[:5].to_dict("records")]
    columns = {"image": [Request.model_validate(row).image for row in requests]}
    np.testing.assert_array_equal(features.decode(columns)["image"], due[:5])
    np.testing.assert_array_equal(features.decode(features.unpack(due[..., 0]))["image"], due)
    assert Request.model_validate(requests[0]).model_dump(mode="json") == requests[0]


@pytest.mark.parametrize("value", ["AAAA", "no base64!", 7, None, [0] * 1024])
def test_requests_of_the_wrong_form_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected base64 of 1024 bytes"):
        Request.model_validate({"image": value})
    with pytest.raises(InvalidInput, match="expected base64 of 1024 bytes"):
        features.decode({"image": [bytes(1024), value]})


def test_arrays_of_the_wrong_form_are_refused() -> None:
    for values in (np.zeros((2, 31), np.uint8), np.zeros((2, 32, 32))):
        with pytest.raises(InvalidInput, match="expected base64 of 1024 bytes, found"):
            features.decode({"image": values})
    with pytest.raises(InvalidInput, match="is missing"):
        features.decode({})


def test_examples_are_pictures_of_what_they_are_said_to_be() -> None:
    images, classes = silhouettes.load()
    known = {
        prepare(image).tobytes(): str(name) for image, name in zip(images, classes, strict=True)
    }
    found = [Request.model_validate(example).image for example in features.examples]
    assert [known[image] for image in found] == ["cat", "dog"]


def test_good_data_keeps_the_contract(rows: pd.DataFrame) -> None:
    rows = rows.drop_duplicates("image")
    name = [f"a_page1_index{at}.png" for at in range(1, len(rows) + 1)]
    good = rows.assign(document="a", page=1, index=range(1, len(rows) + 1), name=name)
    usecase.contract().validate(good)
