# ruff: noqa: ARG001 - the salt is there for the cache alone
"""The workloads that pass frames, arrays and a model from step to step; see ``zenml_dags``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pandas as pd
from zenml import pipeline, step

from benchmarks import workloads
from benchmarks.peers.zenml_dags import Options


@step
def make(rows: int, salt: str) -> Annotated[pd.DataFrame, "frame"]:
    return workloads.make_frame(rows)


@step
def fill(frame: pd.DataFrame, salt: str) -> Annotated[pd.DataFrame, "frame"]:
    return workloads.fill(frame)


@step
def standardise(frame: pd.DataFrame, salt: str) -> Annotated[pd.DataFrame, "frame"]:
    return workloads.standardise(frame)


@step
def clip(frame: pd.DataFrame, salt: str) -> Annotated[pd.DataFrame, "frame"]:
    return workloads.clip(frame)


@step
def load(
    path: str, rows: int, salt: str
) -> tuple[Annotated[np.ndarray, "images"], Annotated[np.ndarray, "labels"]]:
    images, labels = workloads.load_digits(path, rows)
    return images, labels


@step
def train(
    images: np.ndarray, labels: np.ndarray, epochs: int, salt: str
) -> Annotated[Any, "model"]:
    return workloads.train_digits(images, labels, epochs)


@step
def evaluate(
    model: Any, images: np.ndarray, labels: np.ndarray, salt: str
) -> Annotated[float, "accuracy"]:
    return workloads.evaluate_digits(model, images, labels)


def _frame(p: dict[str, Any], using: Options) -> None:
    steps = [using(chosen) for chosen in (make, fill, standardise, clip)]

    @pipeline(name="frame")
    def frame() -> None:
        made = steps[0](p["rows"], p["salt"])
        for each in steps[1:]:
            made = each(made, p["salt"])

    frame()


def _keras(p: dict[str, Any], using: Options) -> None:
    loads, trains, evaluates = using(load), using(train), using(evaluate)

    @pipeline(name="keras")
    def keras() -> None:
        images, labels = loads(p["path"], p["rows"], p["salt"])
        model = trains(images, labels, p["epochs"], p["salt"])
        evaluates(model, images, labels, p["salt"])

    keras()


RUNS: dict[str, Callable[[dict[str, Any], Options], None]] = {
    "frame": _frame,
    "keras": _keras,
}
