"""Digests, splits, gate decisions and p values at fixed seeds are what they were, to the digit.

Data sets are named, rows are held out, and models are judged by them: a champion's record would
no longer hold if they moved. They stand in ``figures/``; ``RENEW=1`` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frozen import held
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

from kaizen.core import catalog
from kaizen.core.settings import FixedSplit, GateRule, HashSplit
from kaizen.data.digest import file_digest, frame_digest, row_digests
from kaizen.data.split import folds, positions, split
from kaizen.evaluation import gate
from kaizen.monitoring import Profile

FOLDER = Path(__file__).with_name("figures")
EXACT = 1e-9
"""How far reals may be apart, relative: what sums in another order may differ by."""
SINGLE = 1e-7
"""The same for what is summed in single precision: BLAS orders by how many threads it may have."""
PARTS = ("train", "validation", "holdout")


def table(rows: int = 60) -> pd.DataFrame:
    """Every kind of cell there is, the same on every machine."""
    at = np.arange(rows)
    kept = [None if row % 7 == 0 else row / 8 for row in range(rows)]
    return pd.DataFrame(
        {
            "whole": at.astype(np.int64) * 3 - 50,
            "small": (at % 5).astype(np.int8),
            "real": at / 16,
            "single": (at / 4).astype(np.float32),
            "flag": at % 2 == 0,
            "gap": pd.Series(kept, dtype="float64"),
            "text": pd.Series([f"né {row % 11}" for row in range(rows)], dtype="str"),
            "blob": pd.Series([bytes([row, 0]) for row in range(rows)], dtype=object),
            "array": list(np.arange(rows * 4, dtype=np.uint8).reshape(rows, 2, 2)),
        }
    )


def cut(rule: HashSplit | FixedSplit, frame: pd.DataFrame) -> dict[str, Any]:
    parts = {name: getattr(split(frame, rule), name) for name in PARTS}
    return {
        name: {"digest": frame_digest(part), "whole": part["whole"].tolist()}
        for name, part in parts.items()
    }


def test_digests(tmp_path: Path) -> None:
    frame = table()
    (tmp_path / "file").write_bytes(b"a,b\n1,2\n")
    found = {
        "frame": frame_digest(frame),
        "columns": {name: frame_digest(frame[[name]]) for name in frame},
        "rows": [digest.hex() for digest in row_digests(frame.head(5))],
        "rows_keyed": [digest.hex() for digest in row_digests(frame.head(5), "kaizen")],
        "file": file_digest(tmp_path / "file"),
    }
    held(FOLDER / "digests.json", found, relative=0)


def test_splits() -> None:
    frame = table()
    rules: dict[str, HashSplit | FixedSplit] = {
        "hash": HashSplit(),
        "hash_key": HashSplit(key="another", holdout=0.3, validation=0.2),
        "hash_by": HashSplit(by="text"),
        "fixed": FixedSplit(),
        "fixed_seed": FixedSplit(holdout=0.25, seed=3),
    }
    found = {name: cut(rule, frame) for name, rule in rules.items()}
    places = positions(frame.head(5), "kaizen").tolist()
    dealt = {"all": folds(frame, 3, "0").tolist(), "by": folds(frame, 2, "0", "text").tolist()}
    held(FOLDER / "splits.json", {**found, "positions": places, "folds": dealt}, relative=0)


@pytest.mark.parametrize("name", ["churn", "customers", "diabetes", "digits"])
def test_data_sets_by_name(name: str) -> None:
    """What a use case loads is named by its content: the version that lineage speaks of."""
    case = catalog.usecase(name)
    chosen = case.Data()
    frame = case.load(chosen)
    found = {
        "digest": frame_digest(frame),
        "fingerprint": case.fingerprint(chosen),
        "rows": len(frame),
        "columns": {str(column): str(kind) for column, kind in frame.dtypes.items()},
    }
    held(FOLDER / f"data_{name}.json", found, relative=0)


def test_gate_decisions() -> None:
    rows, target = load_diabetes(return_X_y=True)
    train, holdout, learnt, truth = train_test_split(rows, target, test_size=0.2, random_state=0)
    by = {alpha: Ridge(alpha).fit(train, learnt).predict(holdout) for alpha in (0.4, 0.5, 1.0, 5.0)}
    mse = GateRule(metric="mse", direction="lower")
    new = np.arange(len(truth)) < 40
    random = np.random.default_rng(0)
    classes = random.integers(0, 3, 400)
    worse, better = (np.where(random.random(400) < share, classes, 0) for share in (0.7, 0.9))
    accuracy = GateRule(metric="accuracy", direction="higher")
    flags = classes == 1, worse == 1, better == 1
    f1 = GateRule(metric="f1", direction="higher", margin=0.01, tolerance=0.02, resamples=500)
    found = {
        "first": gate.decide(mse, truth, by[0.4]),
        "better": gate.decide(mse, truth, by[0.4], by[1.0], champion_version="1"),
        "worse": gate.decide(mse, truth, by[5.0], by[0.4], champion_version="2"),
        "margin": gate.decide(mse, truth, by[0.4], by[0.5], champion_version="3"),
        "equal": gate.decide(mse, truth, by[0.4], by[0.4], champion_version="4"),
        "risk": gate.decide(mse.model_copy(update={"risk": 0.001}), truth, by[0.4], by[1.0]),
        "seed": gate.decide(mse, truth, by[0.4], by[1.0], seed=7),
        "new_rows": gate.decide(mse, truth, by[0.4], by[1.0], new=new),
        "few_new_rows": gate.decide(mse, truth, by[0.4], by[1.0], new=np.arange(len(truth)) < 5),
        "new_rows_worse": gate.decide(mse, truth, by[5.0], by[1.0], new=new),
        "missing": gate.decide(mse, truth, None, by[1.0]),
        "accuracy": gate.decide(accuracy, classes, better, worse),
        "f1": gate.decide(f1, flags[0], flags[2], flags[1], positive=True, new=new_of(400)),
    }
    dumped = {name: each.model_dump(mode="json") for name, each in found.items()}
    held(FOLDER / "gate.json", dumped, relative=EXACT)


def new_of(rows: int) -> np.ndarray:
    return np.arange(rows) % 2 == 0


def world(seed: int, rows: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    size = random.normal(10, 2, rows)
    return pd.DataFrame(
        {
            "size": size,
            "price": 3 * size + random.normal(0, 2, rows),
            "age": random.integers(18, 80, rows),
            "wait": random.exponential(5, rows).round(1),
            "country": random.choice(["France", "Spain", "Peru"], rows, p=[0.6, 0.3, 0.1]),
        }
    )


def pictures(seed: int, rows: int, lean: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    vectors = np.eye(8)[random.integers(8, size=rows)] * 4 + lean
    return pd.DataFrame(
        {
            "digit": random.integers(8, size=rows),
            "confidence": random.beta(20 - 8 * lean, 2, rows),
            "embedding": list(vectors + random.normal(0, 0.5, (rows, 8))),
        }
    )


def test_drift() -> None:
    columns = Profile.fit(world(0, 800), window=150, seed=0, draws=1_999)
    images = Profile.fit(
        pictures(0, 900), categorical=["digit"], embedding="embedding", confidence="confidence",
        window=40, seed=0, draws=1_999,
    )  # fmt: skip
    same = world(1, 150)
    windows = {
        "same": columns.check(same),
        "dearer": columns.check(same.assign(price=same["price"] + 2)),
        "slower": columns.check(same.assign(wait=same["wait"] * 1.4)),
        "abroad": columns.check(same.assign(country="Peru")),
        "gaps": columns.check(same.assign(age=same["age"].where(same["age"] > 40))),
        "other_size": columns.check(world(2, 300)),
        "too_many": columns.check(world(3, 600)),
        "too_few": columns.check(same.head(3)),
        "broken": columns.check(same.drop(columns="age").assign(extra=1)),
        "pictures": images.check(pictures(1, 40)),
        "other_pictures": images.check(pictures(2, 40, lean=0.8)),
    }
    found = {name: each.model_dump(mode="json") for name, each in windows.items()}
    rows = images.row_p(pictures(3, 5)).tolist()
    held(FOLDER / "drift.json", {**found, "row_p": rows}, relative=SINGLE)
