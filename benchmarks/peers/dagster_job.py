"""Dagster: jobs of ops. In process, its quickest way; what runs side by side, in processes."""

from __future__ import annotations

import sys
from typing import Any

from dagster import (
    DagsterInstance,
    In,
    JobDefinition,
    OpDefinition,
    execute_job,
    job,
    multiprocess_executor,
    op,
    reconstructable,
)

from benchmarks import workloads
from benchmarks.peers.contract import params, timed


def _first(at: int) -> OpDefinition:
    @op(name=f"noop_{at}")
    def first() -> int:
        return workloads.noop(at)

    return first


def _joined(at: int) -> OpDefinition:
    @op(name=f"noop_{at}", ins={name: In(int) for name in "abcd"})
    def joined(a: int, b: int, c: int, d: int) -> int:
        return workloads.noop(at, a, b, c, d)

    return joined


def _layers(p: dict[str, Any]) -> JobDefinition:
    @job
    def layers() -> None:
        row = [_first(at)() for at in range(workloads.WIDTH)]
        for layer in range(1, p.get("layers", workloads.LAYERS)):
            row = [_joined(layer * workloads.WIDTH + at)(*row) for at in range(workloads.WIDTH)]

    return layers


def _nap(at: int, seconds: float) -> OpDefinition:
    @op(name=f"nap_{at}")
    def nap() -> int:
        return workloads.nap(at, seconds)

    return nap


def naps() -> JobDefinition:
    p = params()

    @job(executor_def=multiprocess_executor.configured({"max_concurrent": p["steps"]}))
    def side_by_side() -> None:
        for at in range(p["steps"]):
            _nap(at, p["seconds"])()

    return side_by_side


@op
def make() -> Any:
    return workloads.make_frame(params()["rows"])


@op
def fill(frame: Any) -> Any:
    return workloads.fill(frame)


@op
def standardise(frame: Any) -> Any:
    return workloads.standardise(frame)


@op
def clip(frame: Any) -> Any:
    return workloads.clip(frame)


@job
def frame() -> None:
    clip(standardise(fill(make())))


def main() -> None:
    p, workload = params(), sys.argv[1]
    with DagsterInstance.get() as instance:
        if workload == "naps":
            timed(lambda: _succeeded(execute_job(reconstructable(naps), instance)))
            return
        chosen = _layers(p) if workload == "layers" else frame
        timed(lambda: _succeeded(chosen.execute_in_process(instance=instance)))


def _succeeded(result: Any) -> None:
    if not result.success:
        raise SystemExit("the job failed")


if __name__ == "__main__":
    main()
