"""Steps and pipelines of the orchestrator's tests, in a module that any process can import."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

import psutil
from zenml import pipeline, step
from zenml.config.retry_config import StepRetryConfig

from kaizen.core import progress
from kaizen.core.errors import KaizenError
from kaizen.orchestration.step_settings import heavy, light

LINES = 40
TOO_LONG_S = 600.0
"""A step that takes so long was not ended; that it is ended may take a busy machine a minute."""


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
    time.sleep(TOO_LONG_S)
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


@step(enable_cache=False)
def fails() -> int:
    raise ValueError("at once")


hooks: list[str] = []


def begins() -> None:
    hooks.append("init")


def cleans_up() -> None:
    hooks.append("cleanup")


@pipeline(enable_cache=False, on_init=begins, on_cleanup=cleans_up)
def fails_at_once() -> None:
    fails()


BEFORE_ANY_RECORD_S = 0.0001
"""No step is in ZenML's store so soon."""


@step(enable_cache=False, settings=heavy(timeout_s=BEFORE_ANY_RECORD_S))
def late_before_its_record() -> int:
    return 1


@step(enable_cache=False, settings=light(BEFORE_ANY_RECORD_S))
def light_late_before_its_record() -> int:
    return 1


@step(
    enable_cache=False, settings=heavy(), environment={"DIES_EARLY": "yes"},
    retry=StepRetryConfig(max_retries=1, delay=0),
)  # fmt: skip
def dies_before_its_record() -> int:
    return 1


def dies_early() -> None:
    """A hook that runs before a step is launched, and in its process alone."""
    if os.environ.get("DIES_EARLY"):
        os.kill(os.getpid(), signal.SIGKILL)


@pipeline(enable_cache=False, on_init=dies_early)
def fails_before_any_record() -> None:
    late_before_its_record()
    light_late_before_its_record()
    dies_before_its_record()


@pipeline(enable_cache=False)
def abandons(go: str) -> None:
    light_takes_too_long(go)


@pipeline(enable_cache=False)
def small(name: str) -> None:
    loud_thread(name)
