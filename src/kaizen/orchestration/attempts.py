"""One step, attempt by attempt: in this thread or in a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zenml.enums import ExecutionStatus
from zenml.exceptions import IllegalOperationError
from zenml.execution.step.utils import launch_step

from kaizen.core import progress
from kaizen.core.errors import KaizenError
from kaizen.core.progress import StepEvent
from kaizen.orchestration import record
from kaizen.orchestration.abandoned import Gate
from kaizen.orchestration.step_zygote import TookTooLong
from kaizen.orchestration.zygote import reason
from kaizen.orchestration.zygote_client import Failed, Lost, TimedOut, Zygote

if TYPE_CHECKING:
    from uuid import UUID

    from zenml.config.step_configurations import Step
    from zenml.models import PipelineSnapshotResponse

    from kaizen.orchestration.step_settings import ParallelSettings

END_S = 2.0
"""A heavy step raises at its time limit by itself; this much later its process is ended."""


class StepFailed(KaizenError):
    """A step did not get done. ``kind`` names what was raised, ``traceback`` says where."""

    def __init__(self, step: str, why: str, kind: str = "", traceback: str = "") -> None:
        super().__init__(f"step {step} failed: {why}")
        self.step = step
        self.why = why
        self.kind = kind
        if traceback:
            self.add_note(traceback)


class Ends:
    """What may end a step from outside: no further attempts, or at once (then both are set)."""

    def __init__(self) -> None:
        self.attempts = threading.Event()
        self.steps = threading.Event()

    def now(self) -> None:
        """Steps are being ended: whatever they report from here on is no failure of theirs."""
        self.steps.set()
        self.attempts.set()


class Stopped(Exception):
    """The run was stopped, or the step with it; no failure of the step."""


@dataclass(frozen=True)
class Job:
    """A step of a run. ``run_key`` is the orchestrator's name of the run, ``run`` ZenML's."""

    name: str
    step: Step
    settings: ParallelSettings
    environment: dict[str, str]
    snapshot: PipelineSnapshotResponse
    run_key: str
    run: UUID


def run(job: Job, zygote: Zygote | None, ends: Ends) -> ExecutionStatus:
    """Try until the step is done or its retries are used up.

    Raises:
        StepFailed: the last attempt failed.
        Stopped: the step was ended, or came too late to begin.
    """
    retry = job.step.config.retry
    most = 1 + (retry.max_retries if retry else 0)
    delay = float(retry.delay) if retry else 0.0
    attempt = 1
    while True:
        try:
            return _heavy(job, zygote) if job.settings.heavy and zygote else _light(job)
        except StepFailed as failure:
            # ZenML lets no step begin in a run that has failed: one that was just starting.
            late = failure.kind == IllegalOperationError.__name__ and ends.attempts.is_set()
            if ends.steps.is_set() or late:
                record.stopped(job.run, job.name)
                raise Stopped from failure
            # A process that died could not say so itself, nor one that was cut off while saying it.
            record.failed(job.run, job.name, failure.why, attempt)
            if attempt == most or ends.attempts.wait(delay):
                raise
            progress.report(StepEvent(job.name, "running", figure=f"tried again: {failure.why}"))
        attempt += 1
        delay *= retry.backoff if retry else 1


def _heavy(job: Job, zygote: Zygote) -> ExecutionStatus:
    limit = job.settings.timeout_s
    said: dict[str, Any] = {}

    def hear(message: dict[str, Any]) -> None:
        said.update(message)
        if "event" in message:
            progress.report(StepEvent(**message["event"]))

    request = {
        "name": job.name,
        "run": job.run_key,
        "environment": job.environment,
        "timeout_s": limit,
    }
    try:
        zygote.run(request, hear, None if limit is None else limit + END_S)
    except Failed as failure:
        late = failure.kind == TookTooLong.__name__
        raise StepFailed(
            job.name, _late(limit) if late else str(failure), failure.kind, failure.traceback
        ) from None
    except TimedOut:
        raise StepFailed(job.name, _late(limit), TookTooLong.__name__) from None
    except Lost as lost:
        raise StepFailed(job.name, str(lost), Lost.__name__) from None
    return ExecutionStatus(said["result"])


def _light(job: Job) -> ExecutionStatus:
    def launch() -> ExecutionStatus:
        with progress.inside(job.name):
            return launch_step(
                snapshot=job.snapshot,
                step=job.step,
                orchestrator_run_id=job.run_key,
                retry=False,
            ).status

    try:
        limit = job.settings.timeout_s
        return launch() if limit is None else _within(limit, launch)
    except TimeoutError:
        why = f"{_late(job.settings.timeout_s)}; a light step cannot be ended, it goes on unheard"
        raise StepFailed(job.name, why, TookTooLong.__name__) from None
    except BaseException as error:
        raise StepFailed(job.name, reason(error), type(error).__name__) from error


def _late(limit: float | None) -> str:
    return f"it took longer than {limit:g} s"


def _within(limit: float, work: Callable[[], ExecutionStatus]) -> ExecutionStatus:
    """``work`` in a thread of its own, waited for no longer than ``limit`` seconds.

    Raises:
        TimeoutError: it is not done. It goes on, but nobody hears what it reports, and what it
            does is not recorded.
    """
    gate = Gate()
    ended = threading.Event()
    unheard = threading.Event()
    outcome: list[ExecutionStatus | BaseException] = []
    listener = progress.listener()

    def hear(event: StepEvent) -> None:
        if listener is not None and not unheard.is_set():
            listener(event)

    def target() -> None:
        try:
            with progress.listening(hear), gate.before():
                outcome.append(work())
        except BaseException as error:
            outcome.append(error)
        ended.set()

    threading.Thread(
        target=copy_context().run, args=(target,), name="abandonable-step", daemon=True
    ).start()
    if not ended.wait(limit):
        unheard.set()
        gate.shut()
        raise TimeoutError
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
