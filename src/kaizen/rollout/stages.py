"""Leads a canary from stage to stage: watches, and changes the row when the rule says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from kaizen.core import locks
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.settings import RolloutRule
from kaizen.rollout import traffic
from kaizen.rollout.canary import StageDecision, Tally, count, judge
from kaizen.rollout.change_lock import lock, watch_lock
from kaizen.rollout.preflight import ReplayCheck
from kaizen.rollout.reconcile import Check, Reconciler, Report
from kaizen.rollout.servers import address
from kaizen.rollout.state import Canary, Desired, Placed, State

LOOK_S = 0.2

Finish = Callable[[Reconciler, Desired, str], None]
"""Gives the canary all requests; the text says why."""


class MakeReconciler(Protocol):
    """Makes a reconciler for one look; :func:`Stages.lead` holds the home's lock meanwhile."""

    def __call__(self, state: State) -> Reconciler: ...


class Stages:
    """One canary of one home.

    Args:
        check: its golden set, asked when a stage had too few requests.
        replay_check: then asks it recent requests as well.
    """

    def __init__(
        self,
        home: Home,
        usecase: str,
        version: str,
        make_reconciler: MakeReconciler,
        check: Check,
        replay_check: ReplayCheck,
        report: Report,
    ) -> None:
        self._home = home
        self._usecase = usecase
        self._version = version
        self._make_reconciler = make_reconciler
        self._check = check
        self._replay_check = replay_check
        self._report = report
        self._offset = 0
        self._seen: dict[str, Tally] = {}
        self._since = 0.0

    def lead(self, finish: Finish) -> None:
        """Go from the stage in the row to the last one, then ``finish`` under the home's lock.

        Raises:
            KaizenError: a stage failed, or another command has ended the canary.
        """
        try:
            while not self._look(finish):
                time.sleep(LOOK_S)
        except BaseException as error:
            self._roll_back(str(error) or type(error).__name__)
            raise

    def _look(self, finish: Finish) -> bool:
        """One look; whether the canary has arrived."""
        with lock(self._home, lambda _: None), State(self._home) as state:
            row = state.desired().get(self._usecase)
            canary = row.canary if row else None
            if row is None or canary is None or canary.version != self._version:
                raise KaizenError("another command has ended its canary: see `kaizen status`")
            reconciler = self._make_reconciler(state)
            new = next(each for each in row.releases if each.release.version == canary.version)
            old = next(each for each in row.releases if each.service != new.service)
            decision = self._decide(state, reconciler, row, new, old)
            if decision.what == "wait":
                return False
            if decision.what == "roll_back":
                raise KaizenError(decision.why)
            self._report(f"{self._usecase} v{self._version} {decision.why}")
            why = decision.why
            if decision.what == "recheck":
                self._check(address(new.port))
                seen = self._replay_check(address(new.port), old.release.version, address(old.port))
                why = f"{why}; golden answers right; {seen}"
                self._report(f"{self._usecase} v{self._version} golden answers right; {seen}")
            after = canary.at + 1
            if canary.stages[after] == 100:
                finish(reconciler, row, why)
                return True
            following = canary.model_copy(update={"at": after, "since": time.time()})
            reconciler.apply(traffic.staged(row, following), "canary", why)
            self._report(f"{self._usecase} v{self._version} goes on to {canary.stages[after]} %")
            return False

    def _decide(
        self, state: State, reconciler: Reconciler, row: Desired, new: Placed, old: Placed
    ) -> StageDecision:
        canary = row.canary
        assert canary  # noqa: S101 - the caller has looked
        if new.service not in state.services():
            return StageDecision("roll_back", "serving was stopped during its canary")
        if reason := reconciler.servers.ended(new):
            return StageDecision("roll_back", reason)
        if canary.since != self._since:  # another stage, counted anew
            self._since, self._seen, self._offset = canary.since, {}, 0
        lines, self._offset = reconciler.caddy.watched(self._offset)
        self._seen = count(lines, canary.since, self._seen)
        ours, theirs = (
            self._seen.get(f"{self._usecase}.{each.slot}", Tally()) for each in (new, old)
        )
        return judge(canary, ours, theirs, time.time())

    def _roll_back(self, why: str) -> None:
        with lock(self._home, lambda _: None), State(self._home) as state:
            row = state.desired().get(self._usecase)
            if row and row.canary and row.canary.version == self._version:
                self._make_reconciler(state).roll_back(row, f"v{self._version} goes back: {why}")


def begin(reconciler: Reconciler, row: Desired, new: Placed, rule: RolloutRule, why: str) -> None:
    """The first stage of ``new``, which runs and is not in ``row`` yet or has no share there."""
    canary = Canary(
        version=new.release.version,
        stages=rule.stages,
        at=0,
        since=time.time(),
        min_requests=rule.min_requests,
        max_seconds=rule.max_seconds,
    )
    reconciler.apply(traffic.staged(traffic.with_waiting(row, new), canary), "canary", why)


@contextmanager
def watching(home: Home, usecase: str) -> Iterator[None]:
    """Says to everybody that this process watches the canary.

    Raises:
        KaizenError: another does.
    """
    try:
        with locks.held(watch_lock(home, usecase)):
            yield
    except BlockingIOError:
        raise KaizenError(
            f"another command leads a canary of {usecase}: wait for it, "
            f"or `kaizen rollback {usecase}` ends it"
        ) from None
