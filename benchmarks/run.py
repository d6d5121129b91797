"""Our local stack beside raw ZenML, plain Python and other pipeline engines.

    python -m benchmarks.run [--only NAME ...] [--rounds 3] [--quick] [--peers NAME ...]

Every figure comes from fresh processes, in turns: ours, the others, ours, the others. What is
counted, and how, stands in ``launch.py``; what is run in ``workloads.py`` and ``cases.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import serving, systems
from benchmarks.cases import CASES, OTHERS, PLAIN, Case
from benchmarks.environments import Missing
from benchmarks.measure import Sample, System, run
from benchmarks.results import Result, goals, into, results, table
from kaizen.core.atomic import write_text
from kaizen.core.errors import KaizenError, unknown
from kaizen.core.paths import home

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
DRIFT = "drift"
APART = (serving.CASE, DRIFT)
"""Cases that measure in their own way; the second one only where it is asked for."""

PREPARED = {"layers": 1}
"""A small run before the first measured one: stores exist, and files are in memory."""


def main() -> int:
    chosen = _arguments()
    cases = [_named(name) for name in chosen.only if name not in APART]
    if not chosen.only:
        cases = list(CASES)
    for name in chosen.peers:
        if name not in OTHERS:
            raise unknown("peer", name, OTHERS)
    state = home().root / "benchmarks"
    state.mkdir(parents=True, exist_ok=True)
    found: list[Result] = []
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="work-", dir=state, ignore_cleanup_errors=True)
        work = Path(stack.enter_context(folder))
        known = _known(stack, cases, chosen.peers, work, state / "peers")
        for case in cases:
            params = {**case.params, **(case.quick if chosen.quick else {})}
            taking_part = [known[name] for name in case.systems if name in known]
            samples = _measure(case, params, taking_part, 1 if chosen.quick else chosen.rounds)
            found += results(case, params, samples)
            if not chosen.quick:
                _write(found)
        for part in _apart(chosen, work, state):
            found += part
            if not chosen.quick:
                _write(found)
    print(f"\n{table(found)}\n\n{_machine()}\n")
    print("\n".join(goals(found)))
    print(f"{time.monotonic() - begun:.0f} s")
    if not chosen.quick:
        print(f"written to {OUTPUT.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")
    return 0


def _apart(chosen: argparse.Namespace, work: Path, state: Path) -> Iterator[list[Result]]:
    """The cases that measure in their own way, where they are asked for."""
    rounds = 1 if chosen.quick else chosen.rounds
    if not chosen.only or serving.CASE in chosen.only:
        yield serving.run(rounds, work / serving.CASE, state / "peers", _say)
    if DRIFT in chosen.only:
        from benchmarks.drift import suite  # which bounds this process's threads: last of all

        rows = suite.QUICK if chosen.quick else suite.ROWS
        yield suite.run(rounds, rows, work / DRIFT, _say)


def _say(text: str) -> None:
    print(text, flush=True)


def _measure(
    case: Case, params: dict[str, Any], taking_part: list[System], rounds: int
) -> dict[str, list[Sample]]:
    """In turns, every system once a round. A peer that fails is left out of this case."""
    fixed = uuid.uuid4().hex
    samples: dict[str, list[Sample]] = {system.name: [] for system in taking_part}
    for number in range(0 if case.cached else 1, rounds + 1):
        for system in [one for one in taking_part if one.name in samples]:
            salt = fixed if case.cached else uuid.uuid4().hex
            try:
                sample = run(system, case.workload, params, salt)
            except KaizenError as problem:
                if system.name not in OTHERS:
                    raise
                print(f"{case.name} without {problem}", flush=True)
                del samples[system.name]
                continue
            if number == 0:  # fills the cache
                continue
            samples[system.name].append(sample)
            shown = "  ".join(f"{key} {value:.2f}" for key, value in sample.figures.items())
            print(f"{case.name:<16} {number}/{rounds} {system.name:<10} {shown}", flush=True)
    check(case, samples)
    return samples


def check(case: Case, samples: dict[str, list[Sample]]) -> None:
    """All did the same work, or none where everything is cached.

    Raises:
        KaizenError: a run computed something else than the first one, or what it should not have.
    """
    ran = [(name, sample.trace) for name, some in samples.items() for sample in some]
    expected = () if case.cached else ran[0][1]
    if not case.cached and not expected:
        raise KaizenError(f"{case.name}: {ran[0][0]} computed nothing")
    for name, trace in ran:
        if trace != expected:
            odd = sorted(set(trace) ^ set(expected))[:4] or f"{len(trace)} of {len(expected)} lines"
            raise KaizenError(f"{case.name}: {name} did other work than {ran[0][0]}: {odd}")


def _known(
    stack: ExitStack, cases: list[Case], peers: list[str], work: Path, folder: Path
) -> dict[str, System]:
    """The systems that the cases need, set up; those that cannot be are named and left out."""
    needed = {name for case in cases for name in case.systems}
    known = {name: one for name, one in systems.local(work).items() if name in needed}
    for name in [name for name in OTHERS if name in needed and name in peers]:
        try:
            known[name] = stack.enter_context(systems.peer(name, work, folder))
        except Missing as reason:
            print(f"{name} is left out: {reason}", flush=True)
    for system in known.values():
        if system.name != PLAIN:
            print(f"preparing {system.name}", flush=True)
            run(system, "layers", PREPARED, "prepared")
    return known


def _machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("zenml", "pandas", "keras"))
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}"
    )


def _write(found: list[Result]) -> None:
    """Keep the results so far; those of cases that were not run this time stay."""
    measured = {result.case for result in found}
    kept: list[Result] = []
    if OUTPUT.is_file():
        before = [Result.of(entry) for entry in json.loads(OUTPUT.read_text("utf-8"))]
        kept = [result for result in before if result.case not in measured]
    order = [*(case.name for case in CASES), *APART]
    together = sorted([*kept, *found], key=lambda result: order.index(result.case))
    write_text(OUTPUT, json.dumps([result.record() for result in together], indent=1) + "\n")
    write_text(PAGE, into(PAGE.read_text("utf-8"), f"{table(together)}\n\n{_machine()}"))


def _named(name: str) -> Case:
    for case in CASES:
        if case.name == name:
            return case
    raise unknown("benchmark", name, [*(case.name for case in CASES), *APART])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    names = ", ".join([*(case.name for case in CASES), *APART])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=f"of {names}")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each system")
    parser.add_argument("--quick", action="store_true", help="one round, less work, not kept")
    parser.add_argument(
        "--peers", nargs="*", default=list(OTHERS), metavar="NAME", help=f"of {', '.join(OTHERS)}"
    )
    return parser.parse_args()


if __name__ == "__main__":
    # As after Ctrl-C: servers that were started are ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KaizenError as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(problem.exit_code)
