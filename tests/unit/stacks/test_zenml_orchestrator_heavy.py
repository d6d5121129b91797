"""Heavy steps, failures, time limits and retries of the parallel orchestrator, on a real store."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from zenml import pipeline, step
from zenml.client import Client
from zenml.config.retry_config import StepRetryConfig
from zenml.enums import ExecutionMode, ExecutionStatus
from zenml.models import PipelineRunResponse, StepRunResponse

from kaizen import progress
from kaizen.errors import KaizenError
from kaizen.progress import StepEvent
from stacks import zenml_zygote
from stacks.zenml_attempts import StepFailed
from stacks.zenml_settings import heavy, light

LINES = 40


@pytest.fixture(autouse=True)
def forked(zenml: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of a test's own module can only be run by a fork of the process that imported it.

    Nothing here trains, so it does no harm when other tests have loaded a framework.
    """
    monkeypatch.setattr(zenml_zygote, "may_fork", lambda: True)


def chatter(name: str) -> None:
    """Prints and logs, in small pieces and long enough to meet the others."""
    for number in range(LINES):
        print(f"print-{name}-{number}")
        logging.getLogger("kaizen.test").warning("log-%s-%d", name, number)
        time.sleep(0.005)


@step(enable_cache=False, settings=heavy(), environment={"ONLY_HERE": "yes"})
def loud_process(name: str) -> dict[str, str]:
    chatter(name)
    progress.figure("epoch 1")
    progress.figure("epoch 2, the last thing it says")
    threads = str(psutil.Process(os.getppid()).num_threads())
    return {
        "pid": str(os.getpid()), "variable": os.environ.get("ONLY_HERE", ""), "threads": threads,
    }  # fmt: skip


@step(enable_cache=False)
def loud_thread(name: str) -> dict[str, str]:
    chatter(name)
    return {"pid": str(os.getpid()), "variable": os.environ.get("ONLY_HERE", "")}


@pipeline(enable_cache=False)
def loud() -> None:
    loud_process("one")
    loud_process("two")
    loud_thread("three")
    loud_thread("four")


@step(enable_cache=False, settings=heavy())
def complains() -> int:
    raise KaizenError("the data is not there: put it into data/")


@step(enable_cache=False, settings=heavy())
def is_killed() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 1


@step(enable_cache=False, settings=heavy(timeout_s=0.3))
def takes_too_long() -> int:
    time.sleep(60)
    return 1


@step(enable_cache=False, settings=light(0.3))
def light_takes_too_long(go: str) -> int:
    while not Path(go).exists():
        time.sleep(0.02)
    progress.figure("nobody hears this")
    return 1


@step(enable_cache=False, settings=heavy(), retry=StepRetryConfig(max_retries=2, delay=0))
def dies_twice(folder: str) -> int:
    tries = len(list(Path(folder).iterdir()))
    Path(folder, str(tries)).touch()
    if tries < 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return tries


@step(enable_cache=False, retry=StepRetryConfig(max_retries=1, delay=0))
def fails_once(folder: str) -> int:
    if not Path(folder, "light").exists():
        Path(folder, "light").touch()
        raise ValueError("not yet")
    return 2


@step(enable_cache=False)
def needs(first: int, second: int = 0) -> int:
    return first + second


@step(enable_cache=False, settings=heavy())
def waits(started: str, seconds: float) -> int:
    Path(started).touch()
    time.sleep(seconds)
    return 1


@step(enable_cache=False)
def fails_after(started: str) -> int:
    while not Path(started).exists():
        time.sleep(0.02)
    raise ValueError("first")


@pipeline(enable_cache=False)
def ways_to_fail(go: str) -> None:
    needs(complains())
    is_killed()
    takes_too_long()
    light_takes_too_long(go)


@pipeline(enable_cache=False)
def retried(folder: str, other: str) -> None:
    needs(dies_twice(folder), fails_once(other))


@pipeline(enable_cache=False)
def fails_beside(started: str, seconds: float) -> None:
    needs(waits(started, seconds))
    fails_after(started)


Events = list[StepEvent]


def run(made: Callable[[], Any]) -> tuple[Events, StepFailed | None]:
    events: Events = []
    failure = None
    with progress.listening(events.append):
        try:
            made()
        except StepFailed as error:
            failure = error
    return events, failure


def last(events: Events) -> dict[str, str]:
    return {event.step: event.state for event in events}


def newest() -> tuple[PipelineRunResponse, dict[str, StepRunResponse]]:
    found = Client().list_pipeline_runs(sort_by="desc:created", size=1).items[0]
    steps = Client().list_run_steps(pipeline_run_id=found.id, sort_by="asc:created", size=50)
    return found, {each.name: each for each in steps.items}


def stored_log(found: StepRunResponse) -> str:
    store = Client().active_stack.log_store
    return "\n".join(
        entry.message for log in found.log_collection or [] for entry in store.fetch(log).items
    )


def test_processes_and_threads_each_keep_their_own_log_environment_and_figures() -> None:
    events, failure = run(loud)
    assert failure is None
    found, steps = newest()
    assert found.status == ExecutionStatus.COMPLETED
    names = {
        "loud_process": "one", "loud_process_2": "two",
        "loud_thread": "three", "loud_thread_2": "four",
    }  # fmt: skip
    for name, mine in names.items():
        text = stored_log(steps[name])
        for other in names.values():
            for kind in ("print", "log"):
                seen = sum(f"{kind}-{other}-{number}\n" in text + "\n" for number in range(LINES))
                assert seen == (LINES if other == mine else 0), (name, kind, other)
    made = {name: each.outputs["output"][0].load() for name, each in steps.items()}
    assert {made["loud_thread"]["pid"], made["loud_thread_2"]["pid"]} == {str(os.getpid())}
    assert len({each["pid"] for each in made.values()}) == 3
    assert [each["variable"] for name, each in sorted(made.items())] == ["yes", "yes", "", ""]
    assert made["loud_process"]["threads"] == "1", "forked from a process with threads"
    mine = [event for event in events if event.step == "loud_process"]
    assert [event.state for event in mine][-1] == "done"
    assert mine[-2].figure == "epoch 2, the last thing it says"
    assert "epoch 1" in [event.figure for event in mine]


def test_every_way_to_fail_has_its_reason_here_and_in_zenml(tmp_path: Path) -> None:
    begun = time.monotonic()
    go = tmp_path / "go"
    events, failure = run(lambda: ways_to_fail(str(go)))
    assert time.monotonic() - begun < 40
    reasons = {
        "complains": "the data is not there: put it into data/",
        "is_killed": "its process was killed by signal 9 (SIGKILL: often for lack of memory)",
        "takes_too_long": "it took longer than 0.3 s",
        "light_takes_too_long": (
            "it took longer than 0.3 s; a light step cannot be ended, it goes on unheard"
        ),
    }
    assert failure is not None
    said = "\n".join([str(failure), *failure.__notes__])
    for name, why in reasons.items():
        assert f"step {name} failed: {why}" in said
    assert last(events) == {**dict.fromkeys(reasons, "failed"), "needs": "skipped"}
    found, steps = newest()
    assert found.status == ExecutionStatus.FAILED
    assert {name: each.status for name, each in steps.items()} == dict.fromkeys(
        reasons, ExecutionStatus.FAILED
    )
    for name, why in reasons.items():
        info = steps[name].exception_info
        assert info is not None
        assert info.message == why
    assert "KaizenError" in stored_log(steps["complains"])
    # The abandoned thread ends; nobody hears it, and its step stays failed.
    count = len(events)
    go.touch()
    for thread in threading.enumerate():
        if thread.name == "abandonable-step":
            thread.join(20)
    assert len(events) == count
    assert newest()[1]["light_takes_too_long"].status == ExecutionStatus.FAILED


def test_retries_are_taken_also_after_a_killed_process(tmp_path: Path) -> None:
    folders = [tmp_path / "heavy", tmp_path / "light"]
    for folder in folders:
        folder.mkdir()
    events, failure = run(lambda: retried(*map(str, folders)))
    assert failure is None
    found, steps = newest()
    assert found.status == ExecutionStatus.COMPLETED
    attempts = Client().list_run_steps(
        pipeline_run_id=found.id, name="dies_twice", exclude_retried=False, sort_by="asc:created"
    )
    assert [each.status.value for each in attempts.items] == ["retried", "retried", "completed"]
    assert steps["needs"].outputs["output"][0].load() == 4
    again = [event.figure for event in events if event.figure.startswith("tried again")]
    assert any("killed by signal 9" in text for text in again)
    assert "tried again: ValueError: not yet" in again


@pytest.mark.parametrize(
    ("mode", "seconds", "states"),
    [
        (ExecutionMode.FAIL_FAST, 60.0, {"waits": "stopped"}),
        (ExecutionMode.STOP_ON_FAILURE, 0.6, {"waits": "completed"}),
        (ExecutionMode.CONTINUE_ON_FAILURE, 0.6, {"waits": "completed", "needs": "completed"}),
    ],
)
def test_the_execution_mode_says_what_a_failure_ends(
    mode: ExecutionMode, seconds: float, states: dict[str, str], tmp_path: Path
) -> None:
    begun = time.monotonic()
    made = fails_beside.with_options(execution_mode=mode)
    events, failure = run(lambda: made(str(tmp_path / "started"), seconds))
    assert time.monotonic() - begun < 30
    assert str(failure) == "step fails_after failed: ValueError: first"
    found, steps = newest()
    assert found.status == ExecutionStatus.FAILED
    assert {name: each.status.value for name, each in steps.items()} == {
        "fails_after": "failed", **states,
    }  # fmt: skip
    seen = last(events)
    assert seen["needs"] == ("done" if "needs" in states else "skipped")
    assert seen["waits"] == ("skipped" if mode == ExecutionMode.FAIL_FAST else "done")


@pipeline(enable_cache=False)
def small(name: str) -> None:
    loud_thread(name)


def test_two_runs_in_two_threads_of_one_process_do_not_meet() -> None:
    def one(name: str) -> tuple[Events, StepFailed | None]:
        return run(lambda: small.with_options(run_name=f"small-{name}")(name))

    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(("left", "right"), pool.map(one, ("left", "right")), strict=True))
    for name, other in (("left", "right"), ("right", "left")):
        found = Client().get_pipeline_run(f"small-{name}")
        assert found.status == ExecutionStatus.COMPLETED
        text = stored_log(found.steps["loud_thread"])
        assert f"print-{name}-0" in text
        assert f"print-{other}-0" not in text
        assert last(results[name][0]) == {"loud_thread": "done"}
