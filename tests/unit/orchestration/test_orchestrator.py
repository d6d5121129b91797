"""The parallel orchestrator on a real ZenML store."""

from __future__ import annotations

import time

import pytest
from zenml import pipeline, step

from kaizen.core import progress
from kaizen.core.errors import KaizenError
from kaizen.core.progress import StepEvent
from kaizen.orchestration.attempts import StepFailed

pytestmark = pytest.mark.usefixtures("zenml")
SPANS: dict[str, tuple[float, float]] = {}


@step(enable_cache=False)
def slow(name: str) -> str:
    begun = time.monotonic()
    time.sleep(0.6)
    SPANS[name] = (begun, time.monotonic())
    progress.figure(f"slept as {name}")
    return name


@step(enable_cache=False)
def join(left: str, right: str) -> str:
    SPANS["join"] = (time.monotonic(), time.monotonic())
    return left + right


@step(enable_cache=False)
def broken(name: str) -> str:
    raise KaizenError(f"{name} cannot be made")


@step
def cheap(value: int) -> int:
    return value + 1


@pipeline(enable_cache=False)
def diamond() -> None:
    join(slow("left"), slow("right"))


@pipeline(enable_cache=False)
def failing() -> None:
    join(broken("left"), slow("right"))


@pipeline
def cached() -> None:
    slow(str(cheap(1)))


def run(made) -> list[StepEvent]:
    events: list[StepEvent] = []
    with progress.listening(events.append):
        made()
    return events


def test_independent_steps_run_at_the_same_time_and_dependent_ones_after() -> None:
    SPANS.clear()
    events = run(diamond)
    left, right, joined = SPANS["left"], SPANS["right"], SPANS["join"]
    assert max(left[0], right[0]) < min(left[1], right[1])
    assert joined[0] > max(left[1], right[1])
    assert [event.state for event in events if event.step == "join"] == [
        "planned", "running", "done",
    ]  # fmt: skip
    assert StepEvent("slow", "running", figure="slept as left") in events


def test_a_failure_names_the_step_and_what_depends_on_it_is_skipped() -> None:
    events: list[StepEvent] = []
    with progress.listening(events.append), pytest.raises(StepFailed) as caught:
        failing()
    assert str(caught.value) == "step broken failed: left cannot be made"
    states = {event.step: event.state for event in events}
    assert states == {"broken": "failed", "slow": "done", "join": "skipped"}


def test_a_cached_step_is_reported_as_such() -> None:
    run(cached)
    states = [event.state for event in run(cached) if event.step == "cheap"]
    assert states == ["planned", "cached"]
