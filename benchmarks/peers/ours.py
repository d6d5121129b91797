"""The same pipelines on our local stack: its start, orchestrator, materializers, cache policy."""

from __future__ import annotations

import sys
from typing import Any

from kaizen.core import environment

environment.apply()

from benchmarks.peers.contract import run  # noqa: E402 - environment first
from kaizen.orchestration.start import activate  # noqa: E402 - imports ZenML the quick way

# isort: split
from benchmarks.peers import zenml_dags  # noqa: E402
from kaizen.orchestration import step_zygote  # noqa: E402
from kaizen.orchestration.cache_policy import policy  # noqa: E402
from kaizen.orchestration.step_settings import ARRAY, FRAME, MODEL, heavy  # noqa: E402

HEAVY = {"keras", "burns"}
"""Workloads with heavy steps."""

OPTIONS: dict[str, dict[str, Any]] = {
    **{
        name: {"output_materializers": {"frame": FRAME}}
        for name in ("make", "fill", "standardise", "clip")
    },
    "load": {
        "output_materializers": {"images": ARRAY, "labels": ARRAY}
    },
    "train": {"output_materializers": {"model": MODEL}, "settings": heavy("keras")},
    "evaluate": {"settings": heavy("keras")},
    "burn": {"settings": heavy()},
}  # fmt: skip
"""As the steps of this project: Keras and what never lets go of the lock get processes."""


def using(step: Any) -> Any:
    """The step with the options that a step of this project has."""
    modules = policy(step.resolve().module)
    return step.with_options(cache_policy=modules, **OPTIONS.get(step.name, {}))


def main() -> None:
    workload = sys.argv[1]
    if workload in HEAVY:
        step_zygote.ahead()
    activate("local")
    run({workload: lambda p: zenml_dags.run(workload, p, using)})


if __name__ == "__main__":
    main()
