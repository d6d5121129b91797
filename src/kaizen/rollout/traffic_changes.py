"""Rollback to the release before, and splits of the traffic by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kaizen.core.errors import KaizenError, unknown
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.rollout import deploy_common, traffic
from kaizen.rollout.change_lock import lock
from kaizen.rollout.deploy_common import Deployment, OnPromoted
from kaizen.rollout.launcher import Launcher, bento
from kaizen.rollout.reconcile import READY_TIMEOUT_S, Reconciler, Report
from kaizen.rollout.state import Desired, State

if TYPE_CHECKING:
    from kaizen.inference.golden import Golden

Prepare = Callable[[str], tuple[Release, "Golden"]]
"""Given a version that has no server yet: its packaged release and golden set."""


def rollback(
    usecase: str,
    home: Home,
    on_promoted: OnPromoted,
    report: Report,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
    why: str = "rollback",
) -> Deployment:
    """Serve the release before the current one again, or end the canary in progress.

    The release before is there at once when it is still warm, else it is started first.

    Raises:
        KaizenError: there is none, or it does not serve any more; the current one goes on.
    """
    begun = time.monotonic()
    with lock(home, report), State(home) as state:
        if usecase not in state.desired():
            raise unknown("deployment", usecase, state.desired())
        reconciler = Reconciler(home, state, launcher, report, patience_s)
        reconciler.prepare()
        row = state.desired()[usecase]
        if row.canary:
            row = reconciler.roll_back(row, f"v{row.canary.version} goes back: {why}")
            deploy_common.bring_up(state, reconciler, row, on_promoted)
            return deploy_common.deployment(reconciler, row, begun)
        if not row.previous:
            raise KaizenError(
                f"{usecase} v{row.main.release.version} is the only release there was: "
                "nothing to roll back to"
            )
        release = row.previous[-1]
        with deploy_common.explain_failure(home, release):
            check = deploy_common.golden_check(
                home, deploy_common.golden_of(home, release), release.version
            )
            beside, placed = deploy_common.place(reconciler, row, release, row.workers, check)
            goal = traffic.split(beside, {placed.service: 100}, time.time())
            goal = goal.model_copy(update={"previous": row.previous[:-1]})
            reconciler.serve(
                goal, check, lambda: on_promoted(usecase, release.version), "serve", why
            )
        return deploy_common.deployment(reconciler, state.desired()[usecase], begun)


def undo(
    deployment: Deployment,
    error: Exception,
    home: Home,
    on_promoted: OnPromoted,
    report: Report = lambda _: None,
    launcher: Launcher = bento,
) -> KaizenError:
    """Bring back what was served before ``deployment``; the error to raise, in words."""
    usecase = deployment.usecase
    text = f"{usecase} v{deployment.version} gave a wrong answer: {error}"
    with State(home) as state:
        known = state.desired().get(usecase)
    if known is None or known.main.release.version != deployment.version:
        return KaizenError(f"{text}; it is not served any more")
    if not known.previous:
        return KaizenError(f"{text}; it goes on serving, there is no release before it")
    try:
        before = rollback(usecase, home, on_promoted, report, launcher, why=str(error))
    except KaizenError as failure:
        return KaizenError(f"{text}; and the way back failed: {failure}")
    return KaizenError(f"{text}; v{before.version} serves again")


def shift(
    usecase: str,
    weights: Mapping[str, int],
    home: Home,
    prepare: Prepare,
    on_promoted: OnPromoted,
    report: Report,
    *,
    what: str = "traffic",
    why: str = "",
    workers: int = 1,
    keep_warm_s: float = 0.0,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
) -> dict[str, int]:
    """Split the requests of a use case by version; the split in force afterwards.

    What must run is started and asked its golden set first. The champion's name follows only to
    a version with all requests; what has none any more is kept warm for ``keep_warm_s``.

    Args:
        weights: percent by version, 100 together; one or two versions.
        workers: server processes where nothing is served yet.

    Raises:
        KaizenError: a version did not start or gave a wrong answer; the split stays as it was.
    """
    with lock(home, report), State(home) as state:
        reconciler = Reconciler(home, state, launcher, report, patience_s)
        reconciler.prepare(usecase)
        row = state.desired().get(usecase)
        deploy_common.refuse_during_canary(row)
        if row is None and len(weights) > 1:
            raise KaizenError(
                f"nothing of {usecase} is served yet: begin with `kaizen deploy {usecase}`"
            )
        new = traffic.newcomer(row, weights) if row else next(iter(weights))
        release, golden = prepare(new) if new else _known(home, row, weights)
        check = deploy_common.golden_check(home, golden, release.version)
        if new:
            deploy_common.keep_golden(home, release, golden)
        processes = row.workers if row else workers
        keep = next((version for version in weights if version != release.version), None)
        with deploy_common.explain_failure(home, release, "given its share"):
            row, _ = deploy_common.place(reconciler, row, release, processes, check, keep)
            shares = _shares(reconciler, home, row, weights, release.version)
            row = row.model_copy(update={"keep_warm_s": keep_warm_s})
            goal = traffic.split(row, shares, time.time())
            whole = len(weights) == 1
            reconciler.serve(
                goal,
                check if whole else lambda _: None,
                (lambda: on_promoted(usecase, release.version)) if whole else lambda: None,
                what,
                why,
            )
        return split(state.desired()[usecase])


def split(row: Desired) -> dict[str, int]:
    """Percent by version, without those that are only kept warm."""
    return {each.release.version: each.weight for each in row.releases if each.weight}


def _known(home: Home, row: Desired | None, weights: Mapping[str, int]) -> tuple[Release, Golden]:
    """Of the versions that run, the one with the largest share to be."""
    version = max(weights, key=lambda each: weights[each])
    placed = row.placed(version) if row else None
    assert placed  # noqa: S101 - all of them run
    return placed.release, deploy_common.golden_of(home, placed.release)


def _shares(
    reconciler: Reconciler, home: Home, row: Desired, weights: Mapping[str, int], checked: str
) -> dict[str, int]:
    """Percent by service; each server that was not checked yet is asked its golden set."""
    shares = {}
    for version, weight in weights.items():
        placed = row.placed(version)
        assert placed  # noqa: S101 - room was made for one other at most
        if version != checked:
            check = deploy_common.golden_check(
                home, deploy_common.golden_of(home, placed.release), version
            )
            reconciler.start_checked(row, placed.release, row.workers, check)
        shares[placed.service] = weight
    return shares
