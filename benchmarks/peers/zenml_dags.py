# ruff: noqa: ARG001 - the salt is there for the cache alone
"""The workloads as ZenML steps and pipelines, shared by raw ZenML and by ours.

Every step takes the salt: ZenML compares small inputs by content, so a new salt in the first
step alone would leave later steps to the cache.

A pipeline takes its steps as arguments, so that both run the same DAG: raw ZenML the steps as
they stand here, ours the same steps with the options of its own stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pandas as pd
from zenml import pipeline, step

from benchmarks import workloads

Options = Callable[[Any], Any]
"""A step to the step that is run."""


@step
def first(at: int, salt: str) -> int:
    return workloads.noop(at)


@step
def joined(at: int, a: int, b: int, c: int, d: int, salt: str) -> int:
    return workloads.noop(at, a, b, c, d)


@step
def after(at: int, before: int, salt: str) -> int:
    return workloads.noop(at, before)


@step
def nap(at: int, seconds: float, salt: str) -> int:
    return workloads.nap(at, seconds)


@step
def burn(at: int, rounds: int, salt: str) -> int:
    return workloads.burn(at, rounds)


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


def run(workload: str, p: dict[str, Any], using: Options = lambda chosen: chosen) -> None:
    """Run the workload's pipeline, each step as ``using`` makes it."""
    RUNS[workload](p, using)


def _layers(p: dict[str, Any], using: Options) -> None:
    head, inner = using(first), using(joined)

    @pipeline(name="layers")
    def layers() -> None:
        row = [head(at, p["salt"]) for at in range(workloads.WIDTH)]
        for layer in range(1, p.get("layers", workloads.LAYERS)):
            row = [
                inner(layer * workloads.WIDTH + at, *row, p["salt"])
                for at in range(workloads.WIDTH)
            ]

    layers()


def _chain(p: dict[str, Any], using: Options) -> None:
    head, inner = using(first), using(after)

    @pipeline(name="chain")
    def chain() -> None:
        last = head(0, p["salt"])
        for at in range(1, p["steps"]):
            last = inner(at, last, p["salt"])

    chain()


def _naps(p: dict[str, Any], using: Options) -> None:
    chosen = using(nap)

    @pipeline(name="naps")
    def naps() -> None:
        for at in range(p["steps"]):
            chosen(at, p["seconds"], p["salt"])

    naps()


def _burns(p: dict[str, Any], using: Options) -> None:
    chosen = using(burn)

    @pipeline(name="burns")
    def burns() -> None:
        for at in range(p["steps"]):
            chosen(at, p["rounds"], p["salt"])

    burns()


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
    "layers": _layers,
    "chain": _chain,
    "naps": _naps,
    "burns": _burns,
    "frame": _frame,
    "keras": _keras,
}
