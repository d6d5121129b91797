"""Runs trials, many at once, and goes on where it was ended.

    python -m benchmarks.drift.prove --trials 500 [--jobs 16] [--only table:2000/500 image ...]
                                     [--out FOLDER]

Each setting has a file of one line per trial in FOLDER; a trial that is there is not run again, so
that runs may be killed, and split with ``--first``. Then ``python -m benchmarks.drift.table``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from benchmarks.drift import network
from benchmarks.drift.trials import KINDS, Found

OUTPUT = Path(__file__).resolve().parent / "trials"

Task = tuple[str, str, int]


def path(folder: Path, kind: str, name: str) -> Path:
    """The file of one setting's trials."""
    return folder / f"{kind}-{name.replace('/', '-')}.jsonl"


def done(file: Path) -> dict[int, Found]:
    """Trials by number; the last line may be cut."""
    found: dict[int, Found] = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        try:
            trial = json.loads(line)
        except ValueError:
            continue
        found[trial["number"]] = trial
    return found


def tasks(only: list[str], first: int, trials: int, folder: Path) -> Iterator[Task]:
    for kind, (_, names) in KINDS.items():
        for name in names:
            if only and kind not in only and f"{kind}:{name}" not in only:
                continue
            known = done(path(folder, kind, name))
            yield from ((kind, name, at) for at in range(first, first + trials) if at not in known)


def one(task: Task) -> tuple[Task, Found]:
    kind, name, number = task
    started = time.perf_counter()
    found = KINDS[kind][0](name, number)
    return task, {"number": number, "seconds": round(time.perf_counter() - started, 3), **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=20, help="references per setting")
    parser.add_argument("--first", type=int, default=0, help="number of the first trial")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="*", default=[], help="KIND or KIND:SETTING")
    parser.add_argument("--out", type=Path, default=OUTPUT)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    todo = list(tasks(asked.only, asked.first, asked.trials, asked.out))
    if any(kind == "network" for kind, _, _ in todo):
        network.prepare()
    started = time.monotonic()
    with get_context("spawn").Pool(asked.jobs) as pool:
        for count, (task, found) in enumerate(pool.imap_unordered(one, todo), 1):
            kind, name, _ = task
            with path(asked.out, kind, name).open("a") as file:
                file.write("\n" + json.dumps(found))
            if count % 50 == 0 or count == len(todo):
                spent = time.monotonic() - started
                print(f"{count:,} of {len(todo):,} trials in {spent:.0f} s", flush=True)


if __name__ == "__main__":
    main()
