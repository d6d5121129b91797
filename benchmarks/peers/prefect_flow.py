"""Prefect: tasks in a flow, side by side in its thread runner, on a standing server."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from benchmarks import workloads
from benchmarks.peers.contract import run

# Without a result store named, Prefect keeps what tasks return in memory only: its default.
noop = task(workloads.noop, cache_policy=NO_CACHE)
nap = task(workloads.nap, cache_policy=NO_CACHE)
make, fill, standardise, clip = (
    task(function, cache_policy=NO_CACHE, persist_result=True)
    for function in (
        workloads.make_frame,
        workloads.fill,
        workloads.standardise,
        workloads.clip,
    )
)
"""Frames are kept, as every system here that tracks artifacts keeps them."""


@flow
def layers(p: dict[str, Any]) -> None:
    row = [noop.submit(at) for at in range(workloads.WIDTH)]
    for layer in range(1, p.get("layers", workloads.LAYERS)):
        row = [noop.submit(layer * workloads.WIDTH + at, *row) for at in range(workloads.WIDTH)]
    for future in row:
        future.result()


@flow
def naps(p: dict[str, Any]) -> None:
    for future in [nap.submit(at, p["seconds"]) for at in range(p["steps"])]:
        future.result()


@flow
def frame(p: dict[str, Any]) -> None:
    clip(standardise(fill(make(p["rows"]))))


if __name__ == "__main__":
    run({"layers": layers, "naps": naps, "frame": frame})
