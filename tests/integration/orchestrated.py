"""Pipelines that the orchestrator's tests run in processes of their own. Not a test itself.

    python -c "import orchestrated; orchestrated.main()" twins

with this folder on the path. Every scenario prints one JSON line.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from kaizen import environment

environment.apply()

from zenml import pipeline, step  # noqa: E402 - the environment is set first
from zenml.client import Client  # noqa: E402
from zenml.utils import source_utils  # noqa: E402

from kaizen import progress  # noqa: E402
from stacks.zenml_settings import heavy  # noqa: E402

ROWS = 300


@step(enable_cache=False, settings=heavy("usecases.digits"))
def learns(seed: int, started: str) -> dict[str, Any]:
    """One epoch of digits on a few hundred rows."""
    from usecases.digits.model import usecase

    Path(started).touch()
    rows = usecase.load(usecase.Data()).head(ROWS)
    params = usecase.Params(epochs=1)
    figures: list[str] = []

    def report(text: str) -> None:
        figures.append(text)
        progress.figure(text)

    trained = usecase.train(params, rows.iloc[:200], rows.iloc[200:], seed, report)
    weights = b"".join(array.tobytes() for array in trained.model.get_weights())
    return {
        "pid": os.getpid(),
        "curves": trained.curves,
        "figures": figures,
        "weights": hashlib.sha256(weights).hexdigest(),
    }


@pipeline(enable_cache=False)
def alone(seed: int, folder: str) -> None:
    learns(seed, f"{folder}/alone")


@pipeline(enable_cache=False)
def twins(seed: int, folder: str) -> None:
    learns(seed, f"{folder}/left")
    learns(seed, f"{folder}/right")


@step(enable_cache=False, settings=heavy())
def says(word: str) -> str:
    print(f"this is {word}")
    return word


@pipeline(enable_cache=False)
def small(word: str) -> None:
    says(word)


def run(made: Any, *arguments: Any) -> tuple[dict[str, Any], list[progress.StepEvent]]:
    """The outputs of every step, and what was heard."""
    events: list[progress.StepEvent] = []
    with progress.listening(events.append):
        done = made(*arguments)
    found = Client().get_pipeline_run(done.id)
    return {name: s.outputs["output"][0].load() for name, s in found.steps.items()}, events


def train_alone_and_together(folder: str) -> dict[str, Any]:
    first, _ = run(alone, 7, folder)
    both, events = run(twins, 7, folder)
    return {
        "alone": first["learns"],
        "left": both["learns"],
        "right": both["learns_2"],
        "heard": [e.figure for e in events if e.step == "learns" and e.figure],
        "last": [e.state for e in events if e.step == "learns"][-1],
        "framework_here": "tensorflow" in sys.modules,
    }


def from_a_busy_process(folder: str) -> dict[str, Any]:
    """A second thread lives, as in a notebook: steps come from a fresh interpreter."""
    over = threading.Event()
    threading.Thread(target=over.wait, daemon=True).start()
    from stacks.zenml_zygote import may_fork

    forked = may_fork()
    outputs, _ = run(small, folder)
    return {"forked": forked, "outputs": outputs}


def main() -> None:
    """Run the scenario that is named first on the command line with the rest of it."""
    from stacks.zenml_start import activate

    source_utils.set_custom_source_root(str(Path(__file__).parent))
    activate("local")
    scenario, *arguments = sys.argv[1:]
    print(json.dumps(globals()[scenario](*arguments)), flush=True)
