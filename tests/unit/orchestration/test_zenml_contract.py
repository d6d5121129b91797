"""What of ZenML's insides the orchestrator relies on. When one of these fails after an upgrade,
the text says which of our files to look at, before anything fails in a stranger way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import zenml
from zenml.config.global_config import GlobalConfiguration
from zenml.config.step_configurations import StepConfiguration
from zenml.enums import ExecutionMode, ExecutionStatus
from zenml.execution.context import setup_execution_context
from zenml.execution.step.utils import launch_step
from zenml.log_stores.base_log_store import BaseLogStore
from zenml.models import ExceptionInfo
from zenml.models.v2.core.pipeline_snapshot import PipelineSnapshotResponse
from zenml.orchestrators import BaseOrchestrator, cache_utils
from zenml.orchestrators.publish_utils import (
    publish_pipeline_run_status_update,
    publish_step_run_status_update,
)
from zenml.orchestrators.signal_handler import SignalHandler
from zenml.orchestrators.step_launcher import StepLauncher
from zenml.orchestrators.step_run_utils import StepRunRequestFactory


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_the_version_these_facts_were_read_from() -> None:
    assert zenml.__version__.startswith("0.98."), (
        "ZenML moved: read what stacks/zenml_*.py relies on again, then renew this test"
    )


@pytest.mark.parametrize(
    ("function", "expected", "where"),
    [
        (
            launch_step,
            ["snapshot", "step", "orchestrator_run_id", "retry", "remaining_retries", "wait"],
            "zenml_attempts.py and zenml_zygote.py call it",
        ),
        (
            StepLauncher.__init__,
            ["self", "snapshot", "step", "orchestrator_run_id", "wait"],
            "launch_step without retries is nothing but this",
        ),
        (
            BaseOrchestrator.submit_pipeline,
            [
                "self", "snapshot", "stack", "base_environment", "step_environments",
                "placeholder_run",
            ],
            "zenml_orchestrator.py overrides it",
        ),
        (
            publish_step_run_status_update,
            ["step_run_id", "status", "end_time", "exception_info"],
            "zenml_record.py calls it",
        ),
        (
            publish_pipeline_run_status_update,
            ["pipeline_run_id", "status", "status_reason", "end_time"],
            "zenml_record.py calls it",
        ),
        (BaseLogStore.flush, ["self", "blocking"], "zenml_zygote.py and zenml_quiet.py call it"),
        (setup_execution_context, ["pipeline_run"], "zenml_orchestrator.py and zenml_zygote.py"),
        (BaseOrchestrator.run_init_hook, ["snapshot"], "zenml_orchestrator.py calls it"),
        (BaseOrchestrator.run_cleanup_hook, ["snapshot"], "zenml_orchestrator.py calls it"),
    ],
)  # fmt: skip
def test_signatures(function: Callable[..., Any], expected: list[str], where: str) -> None:
    assert parameters(function) == expected, f"{function.__qualname__} moved: {where}"


def test_fields_we_read() -> None:
    for name in ("step_configurations", "pipeline_configuration", "pipeline_spec", "stack"):
        assert hasattr(PipelineSnapshotResponse, name), f"snapshot.{name} moved"
    for name in ("retry", "settings", "parameters", "environment"):
        assert name in StepConfiguration.model_fields, f"step.config.{name} moved"
    assert {"traceback", "message"} <= ExceptionInfo.model_fields.keys()
    assert {mode.name for mode in ExecutionMode} == {
        "FAIL_FAST", "STOP_ON_FAILURE", "CONTINUE_ON_FAILURE",
    }, "an execution mode is new: zenml_run.py decides what each of them ends"  # fmt: skip
    assert ExecutionStatus.STOPPED.is_finished
    assert not ExecutionStatus.RETRYING.is_finished
    assert isinstance(GlobalConfiguration.is_initialized, property), "zenml_store.py asks it"


def test_what_is_recorded_of_a_run_is_shared_through_the_execution_context() -> None:
    launched = inspect.getsource(StepLauncher)
    for line in ("execution_context.pipeline_run", "record_step_run(step_run)"):
        assert line in launched, "zenml_orchestrator.py: each step asks the store again"
    assert "self._step_runs = execution_context.step_runs" in inspect.getsource(
        StepRunRequestFactory
    ), "zenml_orchestrator.py: each step asks the store for those before it"


def test_cached_steps_are_taken_out_of_the_snapshot_and_of_upstream_steps() -> None:
    source = inspect.getsource(cache_utils.create_cached_step_runs_and_prune_snapshot)
    for line in ("step_configurations.pop(", "upstream_steps.remove("):
        assert line in source, "zenml_run.py runs every step of the snapshot it is given"


def test_a_launched_step_takes_sigterm_in_the_main_thread_alone() -> None:
    """A heavy step, alone in its process, ends itself; a light one leaves signals to the run."""
    assert "main_thread()" in inspect.getsource(SignalHandler.register)
    assert "RunStoppedException" in inspect.getsource(SignalHandler._finalize_shutdown)
