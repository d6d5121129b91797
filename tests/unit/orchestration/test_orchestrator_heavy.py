"""Heavy steps, failures, time limits and retries of the parallel orchestrator, on a real store."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from zenml.client import Client
from zenml.enums import ExecutionMode, ExecutionStatus
from zenml.models import PipelineRunResponse, StepRunResponse

from kaizen.core import progress
from kaizen.core.progress import StepEvent
from kaizen.orchestration.attempts import StepFailed
from tests.unit.orchestration.orchestrated_steps import (
    LINES,
    TOO_LONG_S,
    abandons,
    fails_at_once,
    fails_before_any_record,
    fails_beside,
    hooks,
    loud,
    retried,
    small,
    ways_to_fail,
)

pytestmark = pytest.mark.usefixtures("zenml")

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


def stored_log(found: StepRunResponse | PipelineRunResponse) -> str:
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


def _join_abandoned() -> None:
    for thread in threading.enumerate():
        if thread.name == "abandonable-step":
            thread.join(20)


def test_every_way_to_fail_has_its_reason_here_and_in_zenml(tmp_path: Path) -> None:
    begun = time.monotonic()
    go = tmp_path / "go"
    events, failure = run(lambda: ways_to_fail(str(go)))
    assert time.monotonic() - begun < TOO_LONG_S / 2
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
    _join_abandoned()
    assert len(events) == count
    assert newest()[1]["light_takes_too_long"].status == ExecutionStatus.FAILED


def test_what_fails_before_zenml_has_its_record_gets_one() -> None:
    _, failure = run(fails_before_any_record)
    late = "it took longer than 0.0001 s"
    reasons = {
        "late_before_its_record": [late],
        "light_late_before_its_record": [
            f"{late}; a light step cannot be ended, it goes on unheard"
        ],
        "dies_before_its_record": [
            "its process was killed by signal 9 (SIGKILL: often for lack of memory)"
        ]
        * 2,
    }
    _join_abandoned()
    found, _ = newest()
    assert found.status == ExecutionStatus.FAILED
    attempts = Client().list_run_steps(pipeline_run_id=found.id, sort_by="asc:created").items
    for name, whys in reasons.items():
        mine = [each for each in attempts if each.name == name]
        assert [each.exception_info and each.exception_info.message for each in mine] == whys
        assert [each.status.value for each in mine] == ["retried", "failed"][-len(mine) :]
        assert all(each.end_time for each in mine)
    assert failure is not None
    said = "\n".join([str(failure), *failure.__notes__])
    assert all(f"step {name} failed: {whys[0]}" in said for name, whys in reasons.items())


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
        (ExecutionMode.FAIL_FAST, TOO_LONG_S, {"waits": "stopped"}),
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
    assert time.monotonic() - begun < TOO_LONG_S / 2
    assert str(failure) == "step fails_after failed: ValueError: first"
    found, steps = newest()
    assert found.status == ExecutionStatus.FAILED
    assert {name: each.status.value for name, each in steps.items()} == {
        "fails_after": "failed", **states,
    }  # fmt: skip
    seen = last(events)
    assert seen["needs"] == ("done" if "needs" in states else "skipped")
    assert seen["waits"] == ("skipped" if mode == ExecutionMode.FAIL_FAST else "done")


def test_a_failed_run_too_is_cleaned_up_after() -> None:
    for _ in range(2):
        hooks.clear()
        _, failure = run(fails_at_once)
        assert str(failure) == "step fails failed: ValueError: at once"
        assert hooks == ["init", "cleanup"]


def test_two_runs_in_two_threads_of_one_process_do_not_meet() -> None:
    mark = uuid4().hex

    def one(name: str) -> tuple[Events, StepFailed | None]:
        return run(lambda: small.with_options(run_name=f"small-{name}-{mark}")(name))

    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(("left", "right"), pool.map(one, ("left", "right")), strict=True))
    for name, other in (("left", "right"), ("right", "left")):
        found = Client().get_pipeline_run(f"small-{name}-{mark}")
        assert found.status == ExecutionStatus.COMPLETED
        text = stored_log(found.steps["loud_thread"])
        assert f"print-{name}-0" in text
        assert f"print-{other}-0" not in text
        assert last(results[name][0]) == {"loud_thread": "done"}


def test_a_log_is_stored_when_its_step_ends_though_another_goes_on(tmp_path: Path) -> None:
    go = tmp_path / "go"
    run(lambda: abandons(str(go)))
    try:
        _, failure = run(lambda: small("beside"))
        assert failure is None
        found, steps = newest()
        assert "print-beside-0" in stored_log(steps["loud_thread"])
        assert "Initiating a new run" in stored_log(found)
    finally:
        go.touch()
        _join_abandoned()
