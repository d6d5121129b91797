"""ZenML as its users get it: default stack, its own materializers, its own caching."""

from __future__ import annotations

import sys

from benchmarks.peers import zenml_dags
from benchmarks.peers.contract import params, timed, warm


def main() -> None:
    p = params()
    first = warm(p)
    if first:
        zenml_dags.run(sys.argv[1], first)
    timed(lambda: zenml_dags.run(sys.argv[1], p))
    ours = {"kaizen", "stacks"}.intersection(sys.modules)
    if ours:
        raise SystemExit(f"this should be raw ZenML, but it imported {', '.join(sorted(ours))}")


if __name__ == "__main__":
    main()
