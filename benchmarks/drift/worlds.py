"""Three worlds in which what happens is known: five scenarios each, with truths.

A pool of rows is drawn from; other inputs, or other shares of classes, come of drawing by weights
of inputs alone, or of truths alone, so that nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, grey_dilation

from benchmarks.drift import digits, patients
from kaizen.core.usecase import Task
from kaizen.monitoring.performance.baseline import Baseline
from usecases.churn.features import CATEGORIES, NUMBERS
from usecases.churn.generate import customers, risk

SCENARIOS = ("nothing", "other inputs", "other mix", "other truths", "broken feed")
EXPECTED: dict[str, tuple[str, ...]] = dict(
    zip(SCENARIOS, ((), ("data",), ("prediction",), ("concept",), ("quality",)), strict=True)
)

Random = np.random.Generator
Array = NDArray[Any]


class Seen(NamedTuple):
    """Rows as they were observed, with truth, answers and probabilities."""

    table: pd.DataFrame
    truth: Array
    answers: Array
    probabilities: Array | None

    def baseline(self, world: World) -> Baseline:
        return Baseline(
            truth=self.truth,
            answers=self.answers,
            probabilities=self.probabilities,
            labels=world.labels,
            positive=None,
            task=world.task,
            metric=world.metric,
            direction="lower" if world.task == "regression" else "higher",
        )


Draw = Callable[[int, str], Seen]
"""How many rows, of which scenario; "" are the rows of reference and baseline."""


class World(NamedTuple):
    """What is drawn: reference, baseline and windows of each scenario."""

    task: Task
    metric: str
    labels: tuple[Any, ...]
    answers: Sequence[str]
    rows: tuple[int, int, int]
    """Of reference, baseline and window."""
    draw: Callable[[Random], Draw]
    fit: dict[str, Any]
    """What a profile is told of the columns."""


def bank_model(known: pd.DataFrame) -> Any:
    """A model of who leaves, fitted to customers."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    model = make_pipeline(
        make_column_transformer((OrdinalEncoder(), list(CATEGORIES)), remainder="passthrough"),
        HistGradientBoostingClassifier(max_iter=60, learning_rate=0.08, random_state=0),
    )
    return model.fit(known[[*CATEGORIES, *NUMBERS]], known["Exited"])


@lru_cache(maxsize=1)
def _bank() -> tuple[pd.DataFrame, Any]:
    """A pool of customers, and a model that has learnt from others."""
    return customers(60_000, seed=2), bank_model(customers(8_000, seed=1))


def bank_seen(rows: pd.DataFrame, truth: Array, model: Any) -> Seen:
    """Rows as the model answers them; what is broken is answered as well as can be."""
    asked = rows.assign(
        **{name: rows[name].fillna(0.0) for name in NUMBERS},
        **{
            name: rows[name].where(rows[name].isin(values), values[0])
            for name, values in CATEGORIES.items()
        },
    )
    shares = model.predict_proba(asked[[*CATEGORIES, *NUMBERS]])
    said = shares.argmax(axis=1)
    table = rows[[*NUMBERS, *CATEGORIES]].assign(
        **{name: rows[name].astype(np.float32) for name in NUMBERS},
        exited=said,
        probability=shares[:, 1],
        confidence=shares.max(axis=1),
    )
    return Seen(table.reset_index(drop=True), truth, said, shares)


def _bank_draw(random: Random) -> Draw:
    pool, model = _bank()
    german = (pool["Geography"] == "Germany").to_numpy()
    laws = (
        np.where(german, 4.0, 1.0),
        np.exp(0.9 * (pool["Age"].to_numpy() - 39) / 10),
        np.exp(-0.8 * (pool["CreditScore"].to_numpy() - 650) / 97),
        np.where(pool["IsActiveMember"] == 1, 3.0, 1.0) * np.where(pool["Gender"] == "Male", 2, 1),
    )

    def made(count: int, scenario: str) -> Seen:
        weights = np.ones(len(pool))
        if scenario == "other inputs":
            weights = laws[random.integers(len(laws))]
        if scenario == "other mix":
            weights = np.where(pool["Exited"] == 1, 4.0, 1.0)
        rows = taken(random, pool, count, weights)
        truth = rows["Exited"].to_numpy()
        if scenario == "other truths":
            # With one product they leave as with two so far, with two as with three.
            other = rows.assign(NumOfProducts=rows["NumOfProducts"] + 1)
            truth = (random.random(count) < risk(other)).astype(int)
        if scenario == "broken feed":
            rows = _break(random, rows, ["CreditScore", "Age", "EstimatedSalary"], "Geography")
        return bank_seen(rows, truth, model)

    return made


def taken(random: Random, pool: pd.DataFrame, count: int, weights: Array) -> pd.DataFrame:
    share = weights / weights.sum()
    at = random.choice(len(pool), count, replace=False, p=share)
    return pool.iloc[at].reset_index(drop=True)


def _break(
    random: Random, rows: pd.DataFrame, amounts: Sequence[str], category: str | None
) -> pd.DataFrame:
    """One column null, frozen, zero, in another unit, a third at a default, or unseen."""
    name = str(random.choice(list(amounts)))
    faults: list[Callable[[], Any]] = [
        lambda: np.full(len(rows), np.nan),
        lambda: np.full(len(rows), float(rows[name].iloc[0])),
        lambda: np.zeros(len(rows)),
        lambda: rows[name] * 1000.0,
        lambda: rows[name].astype(float).where(random.random(len(rows)) > 0.3, -1.0),
        lambda: rows[name].astype(float).where(random.random(len(rows)) > 0.1, np.nan),
    ]
    at = int(random.integers(len(faults) + (category is not None)))
    if at < len(faults):
        return rows.assign(**{name: faults[at]()})
    unseen = rows[category].where(random.random(len(rows)) > 0.2, "Atlantis")
    return rows.assign(**{str(category): unseen})


@lru_cache(maxsize=1)
def _hospital() -> tuple[pd.DataFrame, Any]:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known = patients.patients(np.random.default_rng(1), 5_000)
    model = make_pipeline(StandardScaler(), Ridge())
    model.fit(known[list(patients.NAMES[:-1])], known["progression"])
    return patients.patients(np.random.default_rng(2), 60_000), model


def _hospital_draw(random: Random) -> Draw:
    pool, model = _hospital()
    scaled = (pool - pool.mean()) / pool.std()

    def made(count: int, scenario: str) -> Seen:
        weights = np.ones(len(pool))
        if scenario == "other inputs":
            name = str(random.choice(["age", "bp", "s1", "s3", "s6"]))
            weights = np.exp(0.7 * random.choice([-1, 1]) * scaled[name].to_numpy())
        if scenario == "other mix":
            weights = np.exp(0.8 * scaled["progression"].to_numpy())
        rows = taken(random, pool, count, weights)
        truth = rows["progression"].to_numpy()
        if scenario == "other truths":
            truth = truth + 60 * ((rows["bp"] - pool["bp"].mean()) / pool["bp"].std()).to_numpy()
        if scenario == "broken feed":
            rows = _break(random, rows, ["age", "bmi", "bp", "s1", "s5", "s6"], None)
        asked = rows[list(patients.NAMES[:-1])]
        said = model.predict(asked.fillna(0.0))
        return Seen(asked.assign(prediction=said), truth, said, None)

    return made


@lru_cache(maxsize=1)
def _digits() -> tuple[digits.World, Array, Array]:
    """The network, and digits that it has not seen with their truths."""
    network, images, _ = digits.world()
    with np.load(digits.DATA, allow_pickle=False) as file:
        labels = file["labels"]
    return (
        network,
        images,
        labels[np.random.default_rng(0).permutation(len(labels))[digits.LEARNT :]],
    )


def _digits_draw(random: Random) -> Draw:
    """The same digit is never in two parts of one trial."""
    network, images, labels = _digits()
    left = np.ones(len(images), dtype=bool)

    def made(count: int, scenario: str) -> Seen:
        weights = left.astype(float)
        if scenario == "other mix":
            favoured = random.choice(10, 3, replace=False)
            weights = weights * np.where(np.isin(labels, favoured), 4.0, 1.0)
        at = random.choice(len(images), count, replace=False, p=weights / weights.sum())
        if scenario == "":
            left[at] = False
        asked, truth = images[at], labels[at].astype(int)
        if scenario == "other inputs":
            asked, truth = _foreign(random, asked, truth)
        if scenario == "other truths":
            swapped = random.random(count) < 0.5
            truth = np.where(swapped & np.isin(truth, (1, 7)), 8 - truth, truth)
        if scenario == "broken feed":
            asked = _faulty(random, asked)
        table, shares = network.observe(asked), network.shares(asked)
        return Seen(table, truth, shares.argmax(axis=1), shares)

    return made


def _foreign(random: Random, asked: Array, truth: Array) -> tuple[Array, Array]:
    """A third of them Devanagari, whose truth nobody tells; or a thicker pen; or a blur."""
    kind = random.integers(3)
    if kind == 0:
        new = random.random(len(asked)) < 1 / 3
        mixed, told = asked.copy(), truth.astype(object)
        mixed[new] = digits.devanagari(random, int(new.sum()))
        told[new] = None
        return mixed, told
    square = asked.reshape(-1, 28, 28)
    if kind == 1:
        return grey_dilation(square, size=(1, 3, 3)).reshape(-1, 784), truth
    soft = gaussian_filter(square.astype(float), (0, 1.2, 1.2))
    return soft.reshape(-1, 784).astype(np.uint8), truth


def _faulty(random: Random, asked: Array) -> Array:
    """All black, all the same, inverted, or a tenth as bright."""
    black, same = np.zeros_like(asked), np.repeat(asked[:1], len(asked), axis=0)
    return (black, same, 255 - asked, asked // 10)[random.integers(4)]


WORLDS = {
    "churn": World(
        "classification",
        "accuracy",
        (0, 1),
        ("exited", "probability", "confidence"),
        (2_000, 2_000, 500),
        _bank_draw,
        {"categorical": ["exited"], "confidence": "confidence"},
    ),
    "diabetes": World(
        "regression", "mse", (), ("prediction",), (2_000, 2_000, 500), _hospital_draw, {}
    ),
    "digits": World(
        "classification",
        "accuracy",
        tuple(range(10)),
        ("digit", "confidence"),
        (3_000, 1_500, 500),
        _digits_draw,
        {"categorical": ["digit"], "embedding": "embedding", "confidence": "confidence"},
    ),
}
