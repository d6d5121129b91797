"""A command killed between any two of its effects: what is started next puts everything right."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
from repository import PROJECT_ROOT
from rolling import Load, Place, eventually

from kaizen.core import http
from kaizen.registry.champions import Champion
from kaizen.rollout import problems, processes
from kaizen.rollout.caddy import Caddy
from kaizen.rollout.processes import SUPERVISOR
from kaizen.rollout.state import State
from kaizen.rollout.supervisor import ROUTER

SCRIPT = Path(__file__).with_name("killed.py")
SHARED = Path(__file__).parent.parent / "shared"


def begin(place: Place, *words: str) -> subprocess.Popen[str]:
    """``killed.py`` in the home of ``place``."""
    variables = {
        **os.environ,
        "KAIZEN_HOME": str(place.home.root),
        "PYTHONPATH": os.pathsep.join([str(SHARED), str(PROJECT_ROOT)]),
    }
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *words],
        env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def disagreement(place: Place, url: str) -> list[str]:
    """What of row, router, processes and champion's name does not fit together."""
    with State(place.home) as state:
        row = state.desired()["diabetes"]
        found = [] if Caddy(place.home, state).follows(row) else ["the router's files"]
        due = {ROUTER, *(placed.service for placed in row.releases)}
        if set(state.services()) != due:
            found.append(f"services {set(state.services())}, due {due}")
    running = {each.name for each in processes.scan(place.home)}
    if running != due | {SUPERVISOR}:
        found.append(f"running {running}, due {due}")
    shares = {each.release.version: each.weight for each in row.releases if each.weight}
    answers = set()
    for _ in range(12):  # each over a connection of its own
        with http.client(5.0) as client:
            answers.add(client.post(f"{url}/predict", json={}).json()["model_version"])
    if row.canary or sum(shares.values()) != 100 or not answers <= set(shares):
        found.append(f"shares {shares}, canary {row.canary}, answers {answers}")
    if row.main.weight == 100 and place.alias() != row.main.release.version:
        found.append(f"v{row.main.release.version} is served, v{place.alias()} is the champion")
    named = {"diabetes": Champion(version=place.alias(), promoted=place.alias())}
    return found + [each.what for each in problems.find(place.home, named)]


def test_a_command_killed_between_any_two_effects(
    place: Place, faults: int, counts: Callable[..., None]
) -> None:
    live = place.deploy("1")
    place.deploy("2")
    version, kills, whole = 2, Counter[str](), Counter[str]()
    after = {"canary": 0, "deploy": 0, "rollback": 0, "split": 0, "all": 0}
    with Load(live.url, clients=1, pause_s=0.01) as load:
        for command in itertools.cycle(after):
            if sum(kills.values()) >= faults:
                break
            with State(place.home) as state:
                row = state.desired()["diabetes"]
            if command == "rollback" and not row.previous:
                continue
            version += 1
            versions = [str(version)] if command != "split" else [
                row.main.release.version, str(version)
            ]  # fmt: skip
            # A step that is no divisor of the number of effects, so that each has its turn.
            after[command] += 3
            process = begin(place, command, str(after[command]), *versions)
            _, error = process.communicate(timeout=60)
            if process.returncode == 0:
                whole[command] += 1
                after[command] = -(whole[command] % 3)
            else:
                assert process.returncode == -signal.SIGKILL, error
                kills[command] += 1
            place.up()
            eventually(lambda: disagreement(place, live.url) == [], 20)
    assert load.failures == []
    assert len(kills) == len(after)
    counts(kills=sum(kills.values()), requests=len(load.answers), failed=len(load.failures))


def test_the_supervisor_alone_puts_right_what_a_killed_command_left(
    place: Place, faults: int, counts: Callable[..., None]
) -> None:
    live = place.deploy("1")
    kills, at = 0, 0
    while kills < max(3, faults // 4):
        at += 2
        process = begin(place, "canary", str(at), str(at + 1))
        process.communicate(timeout=60)
        place.follow("diabetes", _main(place))  # the name alone needs a command
        if process.returncode == 0:
            at = 1
            continue
        kills += 1
        eventually(lambda: disagreement(place, live.url) == [], 20)
    counts(kills=kills)


def test_two_commands_at_once_do_no_harm(
    place: Place, faults: int, counts: Callable[..., None]
) -> None:
    live = place.deploy("1")
    rounds = max(2, faults // 10)
    with Load(live.url, clients=1, pause_s=0.01) as load:
        for number in range(rounds):
            commands = [
                begin(place, "deploy", "0", str(10 * number + 2)),
                begin(place, "deploy", "0", str(10 * number + 3)),
                begin(place, "rollback", "0") if number else begin(place, "all", "0", "1"),
            ]
            for command in commands:
                _, error = command.communicate(timeout=120)
                assert command.returncode == 0, error
            eventually(lambda: disagreement(place, live.url) == [], 20)
    assert load.failures == []
    counts(commands=3 * rounds, requests=len(load.answers), failed=len(load.failures))


def test_whatever_is_killed_heals(place: Place, faults: int, counts: Callable[..., None]) -> None:
    live = place.deploy("1")
    place.shift({"1": 50, "2": 50})
    kills = Counter[str]()
    for number in range(faults):
        marked = {each.name: each.process for each in processes.scan(place.home)}
        name = sorted(marked)[number % len(marked)]
        marked[name].kill()
        psutil.wait_procs([marked[name]], timeout=5)
        kills[name.partition("-")[0]] += 1
        if name == SUPERVISOR:  # the others go on, and the next command brings it back
            place.up()
        eventually(lambda: _healed(place, live.url), 40)
    with State(place.home) as state:
        assert [each.weight for each in state.desired()["diabetes"].releases] == [50, 50]
    counts(**{f"{name}_killed": number for name, number in kills.items()})


def _healed(place: Place, url: str) -> bool:
    try:
        return disagreement(place, url) == []
    except (httpx.HTTPError, ValueError, KeyError):
        return False


def _main(place: Place) -> str:
    with State(place.home) as state:
        return state.desired()["diabetes"].main.release.version
