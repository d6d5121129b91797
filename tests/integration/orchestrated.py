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

from kaizen.core import environment

environment.apply()

import psutil  # noqa: E402 - the environment is set first
from zenml import pipeline, step  # noqa: E402
from zenml.client import Client  # noqa: E402
from zenml.utils import source_utils  # noqa: E402

from kaizen.core import progress  # noqa: E402
from kaizen.orchestration.step_settings import heavy  # noqa: E402

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
def says(word: str) -> dict[str, str]:
    """The word, and how the zygote that this process was forked from came to be."""
    print(f"this is {word}")
    zygote = psutil.Process(os.getppid())
    own = "kaizen.orchestration.spawned" in zygote.cmdline()
    return {"word": word, "zygote": "spawned" if own else "forked"}


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


def twice(word: str) -> dict[str, Any]:
    """The first run's zygote was forked ahead, the second's is a fresh interpreter."""
    return {name: run(small, f"{word} {name}")[0]["says"] for name in ("first", "second")}


def from_a_busy_process(word: str) -> dict[str, Any]:
    """A second thread lives, as in a notebook: nothing is forked."""
    over = threading.Event()
    threading.Thread(target=over.wait, daemon=True).start()
    return {"says": run(small, word)[0]["says"]}


def main() -> None:
    """Run the scenario that is named first on the command line with the rest of it."""
    from kaizen.orchestration import step_zygote
    from kaizen.orchestration.start import activate

    scenario, *arguments = sys.argv[1:]
    if scenario != "from_a_busy_process":
        step_zygote.ahead()
    source_utils.set_custom_source_root(str(Path(__file__).parent))
    activate("local")
    print(json.dumps(globals()[scenario](*arguments)), flush=True)
