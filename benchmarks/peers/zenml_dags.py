# ruff: noqa: ARG001 - the salt is there for the cache alone
"""The workloads as ZenML steps and pipelines, shared by raw ZenML and by ours.

Every step takes the salt: ZenML compares small inputs by content, so a new salt in the first
step alone would leave later steps to the cache.

A pipeline takes its steps as arguments, so that both run the same DAG: raw ZenML the steps as
they stand here, ours the same steps with the options of its own stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def run(workload: str, p: dict[str, Any], using: Options = lambda chosen: chosen) -> None:
    """Run the workload's pipeline, each step as ``using`` makes it."""
    if workload in RUNS:
        RUNS[workload](p, using)
        return
    from benchmarks.peers import zenml_data_dags  # with pandas, which the others do without

    zenml_data_dags.RUNS[workload](p, using)


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


RUNS: dict[str, Callable[[dict[str, Any], Options], None]] = {
    "layers": _layers,
    "chain": _chain,
    "naps": _naps,
    "burns": _burns,
}
