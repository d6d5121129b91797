"""Plain Python: the work alone, one call after another, nothing kept."""

from __future__ import annotations

from typing import Any

from benchmarks import workloads
from benchmarks.peers.contract import run


def keras(p: dict[str, Any]) -> None:
    images, labels = workloads.load_digits(p["path"], p["rows"])
    model = workloads.train_digits(images, labels, p["epochs"])
    workloads.evaluate_digits(model, images, labels)


def frame(p: dict[str, Any]) -> None:
    made = workloads.make_frame(p["rows"])
    workloads.clip(workloads.standardise(workloads.fill(made)))


if __name__ == "__main__":
    run({"keras": keras, "frame": frame})
