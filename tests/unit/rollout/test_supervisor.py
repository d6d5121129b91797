"""The supervisor in this process, on real children."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from kaizen.core.paths import Home
from kaizen.rollout import maintenance, processes
from kaizen.rollout.state import Process, Service, State
from kaizen.rollout.supervisor import Supervisor, delay_s

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def service(home: Home, name: str, code: str) -> Service:
    return Service(
        name=name,
        command=(sys.executable, "-c", code),
        environment={"ONLY": "this"},
        folder=str(home.rollout / name),
        log=str(home.logs / f"{name}.log"),
    )


@asynccontextmanager
async def supervised(home: Home) -> AsyncIterator[State]:
    stop = asyncio.Event()
    with State(home) as state:
        state.remember("made", "here")
        running = asyncio.create_task(Supervisor(home).run(stop))
        try:
            yield state
        finally:
            stop.set()
            await running


async def until(found: Callable[[], Process | None]) -> Process:
    for _ in range(500):
        if seen := found():
            return seen
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true")


def running(state: State, name: str) -> Process | None:
    seen = state.processes().get(name)
    return seen if processes.find(seen) else None


def test_a_service_runs_until_it_is_released(home: Home) -> None:
    async def story() -> None:
        async with supervised(home) as state:
            state.keep(service(home, "a", SLEEP))
            seen = await until(lambda: running(state, "a"))
            process = psutil.Process(seen.pid)
            variables = process.environ()
            assert variables["ONLY"] == "this"
            assert "PATH" not in variables, "nothing of the caller's goes along"
            assert process.cwd() == str(home.rollout / "a")
            state.release(["a"])
            await until(lambda: None if "a" in state.processes() else Process(name="a"))
            assert not processes.alive(process)

    asyncio.run(story())
    assert processes.scan(home) == []


def test_one_that_ends_is_started_again_and_its_words_are_kept(home: Home) -> None:
    async def story() -> Process:
        async with supervised(home) as state:
            state.keep(service(home, "a", "import sys; sys.exit('no model')"))
            return await until(
                lambda: seen if (seen := state.processes().get("a")) and seen.exits > 1 else None
            )

    seen = asyncio.run(story())
    assert seen.code == 1
    assert (home.logs / "a.log").read_text().count("no model") >= 2


def test_a_program_that_is_not_there(home: Home) -> None:
    missing = service(home, "a", "").model_copy(update={"command": ("/no/such/program",)})

    async def story() -> Process:
        async with supervised(home) as state:
            state.keep(missing)
            return await until(
                lambda: seen if (seen := state.processes().get("a")) and seen.exits else None
            )

    assert asyncio.run(story()).code == 127
    assert "cannot start /no/such/program" in (home.logs / "a.log").read_text()


def test_workers_of_a_killed_server_are_ended_with_it(home: Home) -> None:
    parent = (
        "import subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-c', '{SLEEP}'], start_new_session=True);"
        "time.sleep(60)"
    )

    def pids() -> set[int]:
        return {each.process.pid for each in processes.scan(home)}

    async def story() -> None:
        async with supervised(home) as state:
            state.keep(service(home, "a", parent))
            seen = await until(lambda: running(state, "a") if len(pids()) == 2 else None)
            before = pids()
            psutil.Process(seen.pid).kill()
            await until(
                lambda: running(state, "a") if len(pids()) == 2 and not pids() & before else None
            )

    asyncio.run(story())
    assert processes.scan(home) == []


def test_strays_that_nobody_wrote_down_are_ended(home: Home) -> None:
    async def story() -> int:
        stray = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SLEEP, env=processes.mark(home, "digits-v1-20000", "lost")
        )
        async with supervised(home):
            return await asyncio.wait_for(stray.wait(), 10)

    assert asyncio.run(story()) < 0


def test_the_pause_grows_and_has_an_end() -> None:
    pauses = [delay_s(failures) for failures in range(1, 9)]
    assert pauses[0] == 0.1
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30.0


def test_events_are_compacted_now_and_then(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "EVERY_S", 0.05)
    folder = home.events / "diabetes"
    folder.mkdir(parents=True)
    event = {"id": "a-0", "time": 1.0, "request": "a", "row": 0, "version": "1"}
    (folder / "1-1.jsonl").write_text(json.dumps(event) + "\n")
    before = {child.pid for child in psutil.Process().children(recursive=True)}

    async def story() -> None:
        async with supervised(home):
            gone = Process(name="spool")
            await until(lambda: None if (folder / "1-1.jsonl").exists() else gone)

    asyncio.run(story())
    assert len(list(folder.rglob("*.parquet"))) == 1
    children = psutil.Process().children(recursive=True)
    left = [each for each in children if each.pid not in before and processes.alive(each)]
    assert left == []
