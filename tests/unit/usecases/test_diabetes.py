from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_squared_error

from kaizen.core import config
from kaizen.core.errors import UsageError
from kaizen.core.usecase import InvalidInput, Split, Trained
from kaizen.data.split import split
from kaizen.inference.scorer import Scorer
from usecases.diabetes.features import COLUMNS, Request, features
from usecases.diabetes.model import usecase
from usecases.diabetes.settings import Data, Params


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(usecase.load(Data()), config.load("diabetes").split)


def trained(parts: Split, alpha: float = 0.4) -> Trained:
    return usecase.train(Params(alpha=alpha), parts.train, parts.validation, 0, lambda _: None)


@pytest.mark.parametrize(
    ("alpha", "mse"), [(0.4, 3295.7149), (0.5, 3298.8856), (1.0, 3379.4063), (5.0, 4040.2180)]
)
def test_published_figures_by_the_exported_model(alpha: float, mse: float, parts: Split) -> None:
    model = trained(parts, alpha).model
    inputs = features.decode(parts.holdout)
    outputs = Scorer(usecase.export(model))(inputs)
    answers = features.answer(outputs)
    assert mean_squared_error(parts.holdout["target"], answers) == pytest.approx(mse, abs=5e-5)
    own = usecase.predict(model, inputs)
    assert own["prediction"].shape == outputs["prediction"].shape == (89, 1)
    assert np.abs(own["prediction"] - outputs["prediction"]).max() <= 1e-9


def test_it_is_better_than_the_mean_and_than_body_mass_alone(parts: Split) -> None:
    truth = parts.holdout["target"]
    outputs = usecase.predict(trained(parts).model, features.decode(parts.holdout))
    alone = np.polyfit(parts.train["bmi"], parts.train["target"], 1)
    found = mean_squared_error(truth, features.answer(outputs))
    assert found < 0.9 * mean_squared_error(truth, np.polyval(alone, parts.holdout["bmi"]))
    assert found < 0.7 * np.mean((truth - parts.train["target"].mean()) ** 2)


@pytest.mark.parametrize("column", ["bmi", "bp", "s5"])
def test_what_is_known_to_make_it_worse_does(column: str, parts: Split) -> None:
    model, rows = trained(parts).model, parts.holdout
    worse = rows.assign(**{column: rows[column] + 0.0476})
    before, after = (usecase.predict(model, features.decode(each)) for each in (rows, worse))
    assert (features.answer(after) > features.answer(before) + 5).all()


def test_in_whose_company_a_patient_is_asked_makes_no_difference(parts: Split) -> None:
    scorer, rows = Scorer(usecase.export(trained(parts).model)), parts.holdout
    together = features.answer(scorer(features.decode(rows)))
    turned = features.answer(scorer(features.decode(rows[::-1].reset_index(drop=True))))
    alone = [features.answer(scorer(features.decode(rows[at : at + 1])))[0] for at in range(20)]
    np.testing.assert_allclose(together, turned[::-1], rtol=1e-12)
    np.testing.assert_allclose(together[:20], alone, rtol=1e-12)


def test_the_default_configuration() -> None:
    found = config.load("diabetes")
    assert found.params == Params(alpha=0.4)
    assert (found.gate.metric, found.gate.direction, found.gate.margin) == ("mse", "lower", 0.005)
    with pytest.raises(UsageError, match=r"did you mean 'params.alpha'"):
        config.load("diabetes", settings=["params.alhpa=1"])
    with pytest.raises(UsageError, match=r"params.alpha is -1"):
        config.load("diabetes", settings=["params.alpha=-1"])


def test_exports_are_equal_bytes_and_the_batch_is_free(parts: Split) -> None:
    model = trained(parts).model
    content = usecase.export(model)
    assert content == usecase.export(model)
    scorer = Scorer(content)
    assert (scorer.inputs, scorer.outputs) == (["features"], ["prediction"])
    for rows in (1, 7):
        assert scorer({"features": np.zeros((rows, 10))})["prediction"].shape == (rows, 1)


def test_training_does_not_depend_on_the_order_of_columns(parts: Split) -> None:
    turned = Split(parts.train[parts.train.columns[::-1]], parts.validation, parts.holdout)
    assert np.array_equal(trained(turned).model.coef_, trained(parts).model.coef_)


def test_training_reports_a_figure(parts: Split) -> None:
    said: list[str] = []
    usecase.train(Params(), parts.train, parts.validation, 0, said.append)
    assert said == ["alpha 0.4, r2 on training rows 0.522"]


def test_rows_requests_and_arrays_agree(parts: Split) -> None:
    rows = parts.holdout.head(3)
    requests = [features.request(row) for row in rows.to_dict("records")]
    assert list(requests[0]) == list(COLUMNS)
    models = [Request.model_validate(request).model_dump() for request in requests]
    columns = {name: [model[name] for model in models] for name in COLUMNS}
    expected = features.decode(rows)["features"]
    assert expected.dtype == np.float64
    np.testing.assert_array_equal(features.decode(columns)["features"], expected)
    np.testing.assert_array_equal(features.decode(features.unpack(expected))["features"], expected)
    assert features.array is not None
    assert features.array.row_bytes == 80


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bmi": None}, "bmi"),
        ({"bmi": "heavy"}, "bmi"),
        ({"bmi": float("nan")}, "finite"),
        ({"bmi": float("inf")}, "finite"),
        ({"weight": 1.0}, "Extra inputs"),
    ],
)
def test_requests_that_are_refused(change: dict[str, Any], words: str) -> None:
    Request.model_validate(features.examples[0])
    with pytest.raises(ValidationError, match=words):
        Request.model_validate({**features.examples[0], **change})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([0.1, None], "is nan: expected a finite number"),
        ([0.1, "x"], "is 'x': expected a number"),
        ([0.1, float("inf")], "is inf: expected a finite number"),
    ],
)
def test_columns_that_are_refused(value: list[Any], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        features.decode({name: [0.0, 0.0] for name in COLUMNS} | {"s3": value})
    assert (caught.value.field, caught.value.row) == ("s3", 1)
    assert words in caught.value.reason


def test_columns_that_are_missing_or_short() -> None:
    with pytest.raises(InvalidInput) as caught:
        features.decode({name: [0.0] for name in COLUMNS[:-1]})
    assert caught.value.field == "s6"
    with pytest.raises(InvalidInput) as caught:
        features.decode({name: [0.0, 0.0] for name in COLUMNS} | {"s2": [0.0]})
    assert caught.value.field == "s2"


def test_what_monitoring_sees_and_the_client_gets() -> None:
    inputs = {"features": np.arange(20.0).reshape(2, 10)}
    outputs = {"prediction": np.array([[1.5], [2.5]])}
    seen = features.observe(inputs, outputs)
    assert list(seen) == [*COLUMNS, "prediction"]
    assert seen["sex"].tolist() == [1.0, 11.0]
    assert seen["prediction"].tolist() == [1.5, 2.5]
    assert [answer.model_dump() for answer in features.respond(outputs)] == [
        {"progression": 1.5},
        {"progression": 2.5},
    ]


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    assert usecase.fingerprint(Data()) == usecase.fingerprint(Data())
    path = tmp_path / "mine.csv"
    frame: pd.DataFrame = load_diabetes(as_frame=True).frame
    frame.to_csv(path, index=False)
    before = usecase.fingerprint(Data(path=path))
    frame.assign(age=0.0).to_csv(path, index=False)
    assert usecase.fingerprint(Data(path=path)) not in (before, usecase.fingerprint(Data()))


def test_environments_differ_in_settings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = {}
    for name in ("dev", "staging", "production"):
        monkeypatch.setenv("KAIZEN_ENV", name)
        workers[name] = config.load("diabetes").serving.workers
    assert workers == {"dev": 1, "staging": 2, "production": "auto"}
