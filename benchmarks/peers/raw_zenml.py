"""ZenML as its users get it: default stack, its own materializers, its own caching."""

from __future__ import annotations

import sys

from benchmarks.peers import zenml_dags
from benchmarks.peers.contract import run


def main() -> None:
    workload = sys.argv[1]
    run({workload: lambda p: zenml_dags.run(workload, p)})
    if "kaizen" in sys.modules:
        raise SystemExit("this should be raw ZenML, but it imported kaizen")


if __name__ == "__main__":
    main()
