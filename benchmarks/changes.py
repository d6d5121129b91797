"""What each change to ZenML's start and steps brings: CPU seconds of a run without it.

    python benchmarks/changes.py [--rounds 5]

Runs the twelve no-op steps (nothing cached) in fresh processes, in turns: as they are, and with
one change left out. Prints the medians and what the change saves.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import sys, time
from contextlib import nullcontext
from kaizen.core import environment
environment.apply()
from kaizen.orchestration import lean_imports as zenml_imports
left_out = sys.argv[1]
if left_out.startswith("_"):
    setattr(zenml_imports, left_out, nullcontext)
zenml_imports.load()
from kaizen.orchestration import zenml_patches as zenml_quiet, local_store as zenml_store
zenml_quiet.CHANGES = tuple(c for c in zenml_quiet.CHANGES if c.name != left_out)
if left_out == "PRAGMAS":
    zenml_store.PRAGMAS = ("journal_mode=DELETE", "synchronous=FULL")
from kaizen.orchestration.start import activate
activate("local")
from benchmarks.peers import ours, zenml_dags
zenml_dags.run("layers", {"salt": str(time.time_ns())}, ours.using)
"""
PARTS = ("_put_models_off", "_no_collection", "PRAGMAS")


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    sys.path.insert(0, str(ROOT))
    from kaizen.orchestration.zenml_patches import CHANGES

    names = ["", *PARTS, *(change.name for change in CHANGES)]
    with tempfile.TemporaryDirectory() as home:
        seconds(home, "")  # makes the store
        taken: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                taken[name].append(seconds(home, name))
    whole = statistics.median(taken.pop(""))
    print(f"{whole:5.2f} CPU s  with every change")
    for name, some in sorted(taken.items(), key=lambda pair: -statistics.median(pair[1])):
        median = statistics.median(some)
        print(f"{median:5.2f} CPU s  without {name}: it saves {median - whole:.2f}")


def seconds(home: str, left_out: str) -> float:
    """CPU seconds of one run, children included."""
    environment = {
        **os.environ,
        "KAIZEN_HOME": home,
        "PYTHONPATH": str(ROOT),
        "BENCH_PARAMS": json.dumps({}),
        "BENCH_TRACE": os.devnull,
    }
    before = os.times()
    subprocess.run(
        [sys.executable, "-c", PROGRAM, left_out],
        env=environment,
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


if __name__ == "__main__":
    main()
