"""A world of images: the product's own network on MNIST digits, and digits from elsewhere.

The network is that of ``usecases/digits`` with its default settings, trained, exported and asked as
in production, only of half of the digits: by the keyed hash that parts every data set, 45 % are
learnt from and 5 % stop the training, so that 5,000 remain that it has never seen nor been chosen
by. It is trained once (a minute or two) and kept beside the trials.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaizen.core import atomic, environment
from kaizen.data.split import positions
from kaizen.inference.scorer import Scorer
from kaizen.monitoring.observation import observed
from usecases.digits import foreign, source
from usecases.digits.features import features
from usecases.digits.settings import Params

FOLDER = Path(__file__).resolve().parent / "trials"
KEY = "network of the drift trials"
LEARNT, STOPPING = 0.45, 0.05
"""Shares of the digits that the network learns from, and by which its training is stopped."""
SEED = 0
SOURCES = tuple(foreign.SHA256)


@lru_cache(maxsize=1)
def unseen() -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """What monitoring sees of the digits that the network has not seen, and their labels."""
    rows = _parts()[2]
    return _observed(rows), rows["label"].to_numpy()


@lru_cache(maxsize=1)
def learnt() -> pd.DataFrame:
    """The same of the digits that the network has learnt from."""
    return _observed(_parts()[0])


@lru_cache(maxsize=3)
def elsewhere(name: str) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """The same of digits from elsewhere."""
    rows = foreign.load(name)
    return _observed(rows), rows["label"].to_numpy()


def prepare() -> Path:
    """Train the network where there is none yet; its ONNX file."""
    source_of = f"{source.fingerprint(source.Data())} {Params().model_dump_json()} {KEY} {SEED}"
    path = FOLDER / f"network-{hashlib.sha256(source_of.encode()).hexdigest()[:12]}.onnx"
    if not path.exists():
        environment.apply()
        from usecases.digits.model import usecase

        learnt, stopping, _ = _parts()
        trained = usecase.train(Params(), learnt, stopping, SEED, print)
        atomic.write_bytes(path, usecase.export(trained.model))
    return path


def _observed(rows: pd.DataFrame) -> pd.DataFrame:
    return observed(features, Scorer(prepare().read_bytes()), rows)


@lru_cache(maxsize=1)
def _parts() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rows = source.load(source.Data())
    place = positions(rows, KEY)
    upto = LEARNT + STOPPING
    return (
        rows[place < LEARNT].reset_index(drop=True),
        rows[(place >= LEARNT) & (place < upto)].reset_index(drop=True),
        rows[place >= upto].reset_index(drop=True),
    )


def main() -> None:
    """How the network fares, at home and elsewhere."""
    for name in ("unseen", *foreign.SHA256):
        seen, truth = unseen() if name == "unseen" else elsewhere(name)
        right, unsure = seen["digit"] == truth, seen["confidence"] < 0.9
        print(f"{name}: {len(seen):,} digits, {right.mean():.3f} right, {unsure.mean():.3f} unsure")


if __name__ == "__main__":
    main()
