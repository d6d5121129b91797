"""Kedro: nodes and a catalogue, run by its own runners. Frames are kept as Parquet files."""

from __future__ import annotations

from functools import partial, update_wrapper
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner, ThreadRunner
from kedro_datasets.pandas import ParquetDataset

from benchmarks import workloads
from benchmarks.peers.contract import run


def _named(function: Any, at: int) -> Any:
    return update_wrapper(partial(function, at), function)


def layers(p: dict[str, Any]) -> None:
    nodes, row = [], ["nothing"]
    for layer in range(p.get("layers", workloads.LAYERS)):
        places = range(layer * workloads.WIDTH, (layer + 1) * workloads.WIDTH)
        nodes += [
            node(_named(workloads.noop, at), row, f"n{at}", name=f"noop_{at}") for at in places
        ]
        row = [f"n{at}" for at in places]
    catalog = DataCatalog.from_config({}, {})
    catalog["nothing"] = 0
    SequentialRunner().run(pipeline(nodes), catalog)


def naps(p: dict[str, Any]) -> None:
    nodes = [
        node(_named(workloads.nap, at), "seconds", f"n{at}", name=f"nap_{at}")
        for at in range(p["steps"])
    ]
    catalog = DataCatalog.from_config({}, {})
    catalog["seconds"] = p["seconds"]
    ThreadRunner(max_workers=p["steps"]).run(pipeline(nodes), catalog)


def frame(p: dict[str, Any]) -> None:
    steps = (workloads.make_frame, workloads.fill, workloads.standardise, workloads.clip)
    names = ["rows", "made", "filled", "standardised", "clipped"]
    nodes = [
        node(step, names[at], names[at + 1], name=names[at + 1]) for at, step in enumerate(steps)
    ]
    catalog = DataCatalog.from_config({}, {})
    catalog["rows"] = p["rows"]
    for name in names[1:]:
        catalog[name] = ParquetDataset(filepath=str(Path.home() / f"{name}.parquet"))
    SequentialRunner().run(pipeline(nodes), catalog)


if __name__ == "__main__":
    run({"layers": layers, "naps": naps, "frame": frame})
