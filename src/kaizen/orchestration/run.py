"""One run from its first step to its last: what runs when, and what a failure or a signal does."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context

from zenml.enums import ExecutionMode, ExecutionStatus

from kaizen.core import progress
from kaizen.core.progress import StepEvent
from kaizen.orchestration import attempts, record, step_zygote
from kaizen.orchestration.attempts import Ends, Job, StepFailed, Stopped
from kaizen.orchestration.schedule import Schedule
from kaizen.orchestration.zygote import GRACE_S
from kaizen.orchestration.zygote_client import Zygote


class Run:
    """Runs ``jobs`` (at least one), each as soon as those before it are done.

    Threads wait for steps; the thread that calls ``execute`` only decides.
    """

    def __init__(
        self, jobs: dict[str, Job], mode: ExecutionMode, max_parallel: int, max_heavy: int
    ) -> None:
        self._jobs = jobs
        self._mode = mode
        self._ends = Ends()
        self._failures: list[StepFailed] = []
        self._running: dict[Future[None], str] = {}
        heavy = [job for job in jobs.values() if job.settings.heavy]
        self._zygote = _zygote(heavy)
        self._pool = ThreadPoolExecutor(max_parallel, "step")
        self._schedule = Schedule(
            {name: job.step.spec.upstream_steps for name, job in jobs.items()},
            {job.name for job in heavy},
            max_parallel,
            max_heavy,
        )

    def execute(self) -> None:
        """Until every step that can be done is done.

        Raises:
            StepFailed: the first step that failed; notes name the others.
        """
        try:
            self._loop()
        except (KeyboardInterrupt, SystemExit):
            self._interrupt()
            raise
        finally:
            self._ends.now()
            # A light step cannot be interrupted: whoever stops the run does not wait for it.
            self._pool.shutdown(wait=not self._running, cancel_futures=True)
            if self._zygote is not None:
                self._zygote.close()
        for name in self._schedule.waiting:
            progress.report(StepEvent(name, "skipped"))
        if self._failures:
            first, *others = self._failures
            for other in others:
                first.add_note(str(other))
            raise first

    def _loop(self) -> None:
        while True:
            if not self._failures or self._mode == ExecutionMode.CONTINUE_ON_FAILURE:
                for name in self._schedule.start():
                    future = self._pool.submit(copy_context().run, self._one, self._jobs[name])
                    self._running[future] = name
            if not self._running:
                return
            for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                self._ended(self._running.pop(future), future.exception())

    def _ended(self, name: str, error: BaseException | None) -> None:
        self._schedule.ended(name, done=error is None)
        if isinstance(error, StepFailed):
            self._failures.append(error)
            if self._mode == ExecutionMode.STOP_ON_FAILURE:
                self._ends.attempts.set()
            elif self._mode == ExecutionMode.FAIL_FAST:
                self._ends.now()
                if self._zygote is not None:
                    self._zygote.end()
        elif error is not None and not isinstance(error, Stopped):
            raise error

    def _one(self, job: Job) -> None:
        begun = time.monotonic()
        progress.report(StepEvent(job.name, "running"))
        try:
            status = attempts.run(job, self._zygote, self._ends)
        except Stopped:
            progress.report(StepEvent(job.name, "skipped", time.monotonic() - begun, "stopped"))
            raise
        except BaseException:
            progress.report(StepEvent(job.name, "failed", time.monotonic() - begun))
            raise
        state: progress.State = "cached" if status == ExecutionStatus.CACHED else "done"
        progress.report(StepEvent(job.name, state, time.monotonic() - begun))

    def _interrupt(self) -> None:
        """Heavy steps are told, then ended; what is open then is recorded as stopped."""
        run = next(iter(self._jobs.values())).run
        self._ends.now()
        with _undisturbed():
            try:
                record.stopping(run)
            finally:
                if self._zygote is not None:
                    self._zygote.end()
                    wait([f for f, name in self._running.items() if self._is_heavy(name)], GRACE_S)
                    self._zygote.close()
            record.stopped(run)

    def _is_heavy(self, name: str) -> bool:
        return self._jobs[name].settings.heavy


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C, or ZenML's heartbeat that sees the run stopping, does not cut this short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _zygote(heavy: list[Job]) -> Zygote | None:
    if not heavy:
        return None
    modules = [
        pattern.format_map(job.step.config.parameters)
        for job in heavy
        for pattern in job.settings.preload
    ]
    return step_zygote.start(heavy[0].snapshot.id, heavy[0].run, list(dict.fromkeys(modules)))
