"""Reconciles router and servers with the desired rows: every change is first made in the row.

A new release gets no request before it is ready and has passed its check; the old one goes on
until the last request to it is answered. Whatever fails before that leaves the old one serving.
What a killed command has left is put right by the next one, and by the supervisor's round.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from kaizen.core import catalog, locks, ports
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.rollout import processes, router, supervisor_process, traffic
from kaizen.rollout.caddy import Caddy
from kaizen.rollout.change_lock import watch_lock
from kaizen.rollout.launcher import Launcher
from kaizen.rollout.servers import Servers, address
from kaizen.rollout.state import ROLLOUT, Desired, Placed, State
from kaizen.rollout.supervisor import ROUTER

Report = Callable[[str], None]
Check = Callable[[str], None]
"""Given the URL of a server, raises KaizenError when it must not be served."""

READY_TIMEOUT_S = 90.0
DRAIN_TIMEOUT_S = 10.0


class Reconciler:
    """Makes router and servers match the desired rows; its user holds the home's lock."""

    def __init__(
        self, home: Home, state: State, launcher: Launcher, report: Report, patience_s: float
    ) -> None:
        self._home = home
        self._state = state
        self._report = report
        self.caddy = Caddy(home, state)
        self.servers = Servers(home, state, launcher, patience_s)

    def prepare(self, usecase: str | None = None) -> None:
        """Have supervisor and router run, and reconcile what a killed command has left."""
        if not supervisor_process.running(self._home):
            # Ports may have new owners since: what does not run is planned anew.
            seen = self._state.processes()
            services = self._state.services(ROLLOUT)
            self._state.release([name for name in services if not processes.find(seen.get(name))])
        supervisor_process.start(self._home)
        names = {*self._state.desired(), *filter(router.can_be_served, catalog.names())}
        self.caddy.start(names | {usecase} if usecase else names, self._report)
        self.reconcile()
        self.servers.clean()

    def reconcile(self) -> None:
        """Put right what a killed command has left: rows first, then router and servers.

        Services of other owners than the rollout are left alone.
        """
        for row in self._state.desired().values():
            self.caddy.route(row)
            if row.canary and not locks.is_held(watch_lock(self._home, row.usecase)):
                version = row.canary.version
                self.roll_back(row, f"canary v{version} goes back: nobody watched it any more")
            else:
                self.retire(row)
        due = {ROUTER} | {
            placed.service for each in self._state.desired().values() for placed in each.releases
        }
        self._state.release([name for name in self._state.services(ROLLOUT) if name not in due])
        known = {*self._state.services(), *self._state.processes(), processes.SUPERVISOR}
        strays = [each.process for each in processes.scan(self._home) if each.name not in known]
        processes.end(strays, DRAIN_TIMEOUT_S)

    def apply(self, row: Desired, what: str, why: str) -> None:
        """Make ``row`` what should be, and have the router follow."""
        self._state.want(row, what, why)
        self.caddy.route(row)

    def start_checked(
        self, row: Desired | None, release: Release, workers: int, check: Check
    ) -> Placed:
        """A server of ``release`` that is ready and has passed ``check``; no request goes there.

        One that runs already is asked again; else it is started on the free place.

        Raises:
            KaizenError: it did not start or did not pass; a server started here is ended.
        """
        known = row.placed(release.version) if row else None
        here = known is not None and known.release == release and row and row.workers == workers
        placed = known if known and here else self.servers.place(release, row)
        try:
            if not here:
                self.servers.launch(placed, workers)
            took = self.servers.ready(placed, self._exits(placed))
            check(address(placed.port))
        except BaseException:
            if not here:
                self._state.release([placed.service])
            raise
        after = "runs already" if here else f"ready after {took:.1f} s"
        name = f"{release.usecase} v{release.version}"
        self._report(f"{name} {after}, golden answers right")
        return placed

    def serve(
        self, goal: Desired, check: Check, then: Callable[[], None], what: str, why: str
    ) -> None:
        """Serve ``goal``, all of whose servers are ready, in place of the row there is.

        Args:
            check: asked through the router.
            then: done once the requests go where they should, before any server is stopped.

        Raises:
            KaizenError: ``check`` or ``then`` failed; requests go where they went before.
        """
        old = self._state.desired().get(goal.usecase)
        try:
            self.apply(goal, what, why)
            check(self.caddy.url(goal.usecase))
            then()
        except BaseException as error:
            self._undo(old, goal, str(error))
            raise
        self.retire(goal)

    def roll_back(self, row: Desired, why: str) -> Desired:
        """All requests to the release that was there before the canary, which is then ended."""
        self._report(f"{row.usecase}: {why}; v{row.main.release.version} has all requests again")
        settled = traffic.without_canary(row, time.time())
        self.apply(settled, "back", why)
        return self.retire(settled)

    def retire(self, row: Desired) -> Desired:
        """End the servers without a share whose time is over, after what they were asked."""
        over = traffic.expired(row, self._state.services(), time.time())
        if not over:
            return row
        left = row.model_copy(
            update={"releases": tuple(each for each in row.releases if each not in over)}
        )
        versions = ", ".join(f"v{each.release.version}" for each in over)
        self._drop(left, over, f"{versions} has no requests any more")
        return left

    def make_room(self, row: Desired, keep: str | None = None) -> Desired:
        """``row`` with one place free for another release."""
        free = traffic.make_room(row, keep)
        if free == row:
            return row
        services = {each.service for each in free.releases}
        left = [each for each in row.releases if each.service not in services]
        main = free.main.release.version
        if any(each.weight for each in left):
            self._report(f"{row.usecase} v{main} has all requests, to make room")
            self.apply(_leaving(free, left), "room", f"v{main} stays")
        self._drop(free, left, "room for another release")
        return free

    def restore(self, desired: Desired) -> Desired:
        """Start what is desired and was not asked for; where, when its port was taken since.

        What the supervisor has in hand already is left alone. Nothing is waited for.
        """
        services = self._state.services()
        releases = []
        for known in desired.releases:
            placed = known
            if known.service not in services:
                placed = known if ports.is_free(known.port) else self.servers.moved(known)
                self.servers.launch(placed, desired.workers)
            releases.append(placed)
        found = desired.model_copy(update={"releases": tuple(releases)})
        if found != desired:
            self.apply(found, "move", "its port was taken")
        return found

    def _exits(self, placed: Placed) -> int:
        seen = self._state.processes().get(placed.service)
        return seen.exits if seen else 0

    def _undo(self, old: Desired | None, goal: Desired, why: str) -> None:
        """Requests go where they went before ``goal``; what only that asked for is ended."""
        if old is None:
            self._state.forget(goal.usecase, "undo", why)
            self.caddy.close(goal.usecase)
            self._state.release([each.service for each in goal.releases])
            return
        before = {each.service for each in old.releases}
        new = [each for each in goal.releases if each.service not in before]
        if new:
            self.apply(_leaving(old, new), "undo", why)
            self._drop(old, new, "it was not deployed")
        else:
            self.apply(old, "undo", why)

    def _drop(self, left: Desired, gone: list[Placed], why: str) -> None:
        """Take releases that have no share out of the row, and end their servers.

        Their places stay filled until what was led there is answered, and are emptied before
        the servers end: a pinned request may come until then.
        """
        services = self._state.services()
        live = [placed for placed in gone if placed.service in services]
        self._drain(live)
        self.apply(left, "retire", why)
        self._drain(live)
        self._state.release([placed.service for placed in gone])

    def _drain(self, servers: list[Placed]) -> None:
        for placed in servers:
            if not self.caddy.drain(placed.port, DRAIN_TIMEOUT_S):
                self._report(f"v{placed.release.version} still answers after {DRAIN_TIMEOUT_S} s")


def _leaving(row: Desired, gone: list[Placed]) -> Desired:
    """``row``, and beside it releases that keep their places without a share."""
    waiting = [each.model_copy(update={"weight": 0, "warm_until": 0.0}) for each in gone]
    return row.model_copy(update={"releases": (*row.releases, *waiting)})
