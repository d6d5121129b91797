"""Plain Python: the work alone, one call after another, nothing kept."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import workloads
from benchmarks.peers.contract import params, timed, warm


def keras(p: dict[str, Any]) -> None:
    images, labels = workloads.load_digits(p["path"], p["rows"])
    model = workloads.train_digits(images, labels, p["epochs"])
    workloads.evaluate_digits(model, images, labels)


def frame(p: dict[str, Any]) -> None:
    made = workloads.make_frame(p["rows"])
    workloads.clip(workloads.standardise(workloads.fill(made)))


def main() -> None:
    p = params()
    work = {"keras": keras, "frame": frame}[sys.argv[1]]
    first = warm(p)
    if first:
        work(first)
    timed(lambda: work(p))


if __name__ == "__main__":
    main()
