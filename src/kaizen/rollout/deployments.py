"""Deploys, brings up and takes down what a home serves: the entrance of this package."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kaizen.core.errors import KaizenError, unknown
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.core.settings import RolloutRule
from kaizen.rollout import deploy_common, stages, supervisor_process, traffic
from kaizen.rollout.change_lock import lock
from kaizen.rollout.deploy_common import Deployment, OnPromoted
from kaizen.rollout.launcher import Launcher, bento
from kaizen.rollout.preflight import replay_check_for
from kaizen.rollout.reconcile import READY_TIMEOUT_S, Reconciler, Report
from kaizen.rollout.state import ROLLOUT, Desired, State
from kaizen.rollout.status import ServiceStatus, status
from kaizen.rollout.traffic_changes import rollback, undo

if TYPE_CHECKING:
    from kaizen.inference.golden import Golden

__all__ = [
    "Deployment",
    "ServiceStatus",
    "deploy",
    "down",
    "ensure",
    "logs",
    "rollback",
    "status",
    "undo",
    "up",
]


def deploy(
    release: Release,
    *,
    workers: int,
    golden: Golden,
    home: Home,
    on_promoted: OnPromoted,
    report: Report,
    rule: RolloutRule | None = None,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
) -> Deployment:
    """Serve ``release`` in place of what its use case serves now, without a failed request.

    The release that is live already is only asked whether it answers.

    Args:
        release: what to serve.
        workers: server processes.
        golden: requests and the answers due, asked on a staging port and through the router.
        home: the state folder.
        on_promoted: moves the champion's name.
        report: called with a line at each stage.
        rule: the stages on the way to all requests; None for all at once.
        launcher: how a release becomes a process.
        patience_s: longest wait for a server to get ready.

    Raises:
        KaizenError: the release did not get ready, gave a wrong answer or failed more often than
            the one before, which goes on serving; the message says why and where the log is.
    """
    begun = time.monotonic()
    usecase, version, rule = release.usecase, release.version, rule or RolloutRule()
    check = deploy_common.golden_check(home, golden, version)
    replay_check = replay_check_for(home, usecase, rule)

    def make_reconciler(state: State) -> Reconciler:
        return Reconciler(home, state, launcher, report, patience_s)

    def finish(reconciler: Reconciler, row: Desired, seen: str, service: str) -> None:
        goal = traffic.split(row, {service: 100}, time.time())
        why = _why(release, seen)
        reconciler.serve(goal, check, lambda: on_promoted(usecase, version), "serve", why)

    with ExitStack() as watched:
        with lock(home, report), State(home) as state:
            deploy_common.keep_golden(home, release, golden)
            reconciler = make_reconciler(state)
            reconciler.prepare(usecase)
            known = state.desired().get(usecase)
            deploy_common.refuse_during_canary(known)
            if known and known.main.weight == 100 and _is_main(known, release, workers):
                deploy_common.bring_up(state, reconciler, known, on_promoted)
                return deploy_common.deployment(reconciler, state.desired()[usecase], begun)
            canary = None
            with deploy_common.explain_failure(home, release):
                server_check = deploy_common.ServerCheck(check, replay_check, known, version)
                row, placed = deploy_common.place(reconciler, known, release, workers, server_check)
                if server_check.seen:
                    report(f"{usecase} v{version} {server_check.seen}")
                row = row.model_copy(update={"keep_warm_s": rule.keep_warm_s})
                if _by_stages(known, release, rule):
                    watched.enter_context(stages.watching(home, usecase))
                    canary = stages.Stages(
                        home, usecase, version, make_reconciler, check, replay_check, report
                    )
                    stages.begin(reconciler, row, placed, rule, _why(release, server_check.seen))
                    report(f"{usecase} v{version} begins with {rule.stages[0]} %")
                else:
                    finish(reconciler, row, server_check.seen, placed.service)
        if canary:
            with deploy_common.explain_failure(home, release):
                canary.lead(partial(finish, service=placed.service))
    report(f"{usecase} v{version} has all requests")
    with State(home) as state:
        return deploy_common.deployment(make_reconciler(state), state.desired()[usecase], begun)


def up(
    home: Home,
    on_promoted: OnPromoted,
    report: Report,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
) -> list[Deployment]:
    """Serve everything that should be served, after a restart, a crash or :func:`down`.

    Registered services of other owners run again as well, as soon as the supervisor does.

    Raises:
        KaizenError: a use case did not come up; the others did.
    """
    begun = time.monotonic()
    with lock(home, report), State(home) as state:
        if not state.desired():
            if state.services():
                supervisor_process.start(home)
            return []
        reconciler = Reconciler(home, state, launcher, report, patience_s)
        reconciler.prepare()
        for desired in state.desired().values():  # all start at once, then each is waited for
            reconciler.restore(desired)
        served, failed = [], []
        for desired in state.desired().values():
            try:
                deploy_common.bring_up(state, reconciler, desired, on_promoted)
            except KaizenError as error:
                failed.append(f"{desired.usecase}: {error}")
            else:
                served.append(deploy_common.deployment(reconciler, desired, begun))
    if failed:
        raise KaizenError("; ".join(failed))
    return served


def ensure(
    usecase: str,
    home: Home,
    on_promoted: OnPromoted,
    report: Report = lambda _: None,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
) -> Deployment | None:
    """Like :func:`up` for one use case; None when nothing should be served for it."""
    begun = time.monotonic()
    with lock(home, report), State(home) as state:
        desired = state.desired().get(usecase)
        if desired is None:
            return None
        reconciler = Reconciler(home, state, launcher, report, patience_s)
        reconciler.prepare()
        deploy_common.bring_up(state, reconciler, desired, on_promoted)
        return deploy_common.deployment(reconciler, state.desired()[usecase], begun)


def down(home: Home) -> int:
    """Stop everything, requests under way first; the number of processes ended.

    What should be served stays known, and so do the services that others have registered:
    :func:`up` brings both back.
    """
    with lock(home, lambda _: None), State(home) as state:
        ended = supervisor_process.stop(home)
        if state.path.exists():
            state.release(list(state.services(ROLLOUT)))
            for name in state.processes():
                state.gone(name)
        shutil.rmtree(home.rollout / "services", ignore_errors=True)
        return ended


def logs(home: Home, name: str) -> list[Path]:
    """The log files of ``supervisor``, ``router`` or a use case's servers, newest first.

    Raises:
        UsageError: there is no log of this name; the nearest one is offered.
    """
    there = {path: path.name.split(".log")[0] for path in home.logs.glob("*.log*")}
    found = [path for path, stem in there.items() if name in (stem, stem.rpartition("-v")[0])]
    if not found:
        raise unknown("log", name, set(there.values()))
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _why(release: Release, seen: str) -> str:
    """For the history."""
    return "; ".join(filter(None, [f"deploy of {release.tag}", seen]))


def _is_main(row: Desired, release: Release, workers: int) -> bool:
    return row.main.release == release and row.workers == workers


def _by_stages(known: Desired | None, release: Release, rule: RolloutRule) -> bool:
    """Whether there is another release to share the requests with."""
    other = known is not None and known.main.release.version != release.version
    return other and rule.stages[0] < 100
