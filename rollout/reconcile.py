"""Makes router and servers follow what should be served.

A new release gets no request before it is ready and has passed its check; the old one goes on
until the last request to it is answered. Whatever fails before that leaves the old one serving.
"""

from __future__ import annotations

import fcntl
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from kaizen import catalog, ports
from kaizen.errors import KaizenError
from kaizen.paths import Home
from kaizen.results import Release
from rollout import daemon, processes, router
from rollout.caddy import Caddy
from rollout.launcher import Launcher
from rollout.state import Desired, Placed, Service, State
from rollout.supervisor import ROUTER

Report = Callable[[str], None]
Check = Callable[[str], None]
"""Given the URL of a server, raises KaizenError when it must not be served."""

READY_TIMEOUT_S = 90.0
DRAIN_TIMEOUT_S = 10.0
SERVER_PORTS = range(20000, 30000)
"""Below the ports that the system gives to clients."""


class Reconciler:
    """The hands of one kaizen command, for as long as it holds the home's lock."""

    def __init__(
        self, home: Home, state: State, launcher: Launcher, report: Report, patience_s: float
    ) -> None:
        self._home = home
        self._state = state
        self._launcher = launcher
        self._report = report
        self._patience_s = patience_s
        self.caddy = Caddy(home, state)

    def foundation(self, usecase: str | None = None) -> None:
        """Have supervisor and router run, and the router do what should be done.

        What a command that was killed half-way has left is put right: servers that nothing
        desires are stopped, requests go where they should.
        """
        desired = self._state.desired()
        due = {ROUTER} | {placed.service for each in desired.values() for placed in each.releases}
        services = self._state.services()
        ended = [name for name in services if name not in due]
        if not daemon.running(self._home):
            # Ports may have new owners since: what does not run is planned anew.
            seen = self._state.processes()
            ended += [name for name in services if not processes.find(seen.get(name))]
        self._state.release(ended)
        daemon.start(self._home)
        self._clean()
        names = {*desired, *filter(router.can_be_served, catalog.names())}
        self.caddy.start(names | {usecase} if usecase else names, self._report)
        for each in desired.values():
            self.caddy.route(each)

    def replace(self, desired: Desired, check: Check, then: Callable[[], None], why: str) -> None:
        """Serve ``desired`` (one release, 100 percent) in place of what is served now.

        Args:
            desired: what shall be served; port, slot and service are chosen here.
            check: asked on the staging port and again through the router.
            then: done once all requests go to the new release, before the old one is stopped.
            why: for the history.

        Raises:
            KaizenError: it did not start, did not pass, or ``then`` failed; the old goes on.
        """
        old = self._state.desired().get(desired.usecase)
        new = self._place(desired.main.release, old)
        name = f"{desired.usecase} v{new.release.version}"
        goal = desired.model_copy(update={"releases": (new,)})
        switched = False
        try:
            self.launch(new, desired.workers)
            took = self.ready(new)
            check(address(new.port))
            self._report(f"{name} ready after {took:.1f} s, golden answers right")
            switched = True
            self._switch(old, goal)
            check(self.caddy.url(desired.usecase))
            self._state.want(goal, "serve", why)
            then()
        except BaseException as error:
            if switched:
                self._back(old, new, str(error))
            self._state.release([new.service])
            if not isinstance(error, Exception):
                raise
            goes_on = f"v{old.main.release.version} goes on serving" if old else "nothing is served"
            raise KaizenError(
                f"{name} was not deployed: {error}; {goes_on}; log: {self._log(new.release)}"
            ) from error
        self._report(f"{name} has all requests")
        if old:
            self.retire(old)
        self.caddy.route(goal)

    def retire(self, old: Desired) -> None:
        """Stop the servers of ``old`` once they have answered what they were asked."""
        for placed in old.releases:
            if not self.caddy.drain(placed.port, DRAIN_TIMEOUT_S):
                self._report(f"v{placed.release.version} still answers after {DRAIN_TIMEOUT_S} s")
        self._state.release([placed.service for placed in old.releases])

    def restore(self, desired: Desired) -> Desired:
        """Start what is desired and was not asked for; where, when its port was taken since.

        What the supervisor has in hand already is left alone. Nothing is waited for.
        """
        services = self._state.services()
        releases = []
        for known in desired.releases:
            placed = known
            if known.service not in services:
                placed = known if ports.is_free(known.port) else self._moved(known)
                self.launch(placed, desired.workers)
            releases.append(placed)
        found = desired.model_copy(update={"releases": tuple(releases)})
        if found != desired:
            self._state.want(found, "move", "its port was taken")
            self.caddy.route(found)
        return found

    def launch(self, placed: Placed, workers: int) -> None:
        """Ask the supervisor for the server of a release."""
        folder = self._services / placed.service
        launch = self._launcher(placed.release, placed.port, workers, folder, self._home)
        self._state.keep(
            Service(
                name=placed.service,
                command=launch.command,
                environment=launch.environment,
                folder=str(folder),
                log=str(self._log(placed.release)),
            )
        )

    def ready(self, placed: Placed, exits: int = 0) -> float:
        """Wait until a server is ready; the seconds it took.

        Raises:
            KaizenError: it ended more than ``exits`` times, refused itself, or took too long.
        """
        begun = time.monotonic()
        last = "nothing listens there yet"
        while time.monotonic() - begun < self._patience_s:
            seen = self._state.processes().get(placed.service)
            if seen and seen.exits > exits:
                end = _last_line(self._log(placed.release))
                raise KaizenError(f"its server ended with exit code {seen.code}: {end}")
            try:
                reason = not_ready(placed.port)
            except httpx.ConnectError:
                reason = last
            if reason is None:
                return time.monotonic() - begun
            last = reason
            time.sleep(0.05)
        raise KaizenError(f"its server was not ready within {self._patience_s:g} s: {last}")

    def _place(self, release: Release, old: Desired | None) -> Placed:
        """A free port, the idle slot and a new name for the server of ``release``."""
        used = {placed.slot for placed in old.releases} if old else set()
        slot = next(slot for slot in router.SLOTS if slot not in used)
        port = self._free_port()
        service = f"{release.usecase}-v{release.version}-{port}"
        return Placed(release=release, weight=100, port=port, slot=slot, service=service)

    def _moved(self, placed: Placed) -> Placed:
        port = self._free_port()
        service = f"{placed.release.usecase}-v{placed.release.version}-{port}"
        return placed.model_copy(update={"port": port, "service": service})

    def _free_port(self) -> int:
        """By chance, so that two homes that choose at one moment do not meet."""
        known = self._state.desired().values()
        taken = {placed.port for each in known for placed in each.releases}
        for port in random.sample(SERVER_PORTS, 200):
            if port not in taken and ports.is_free(port):
                return port
        raise KaizenError(f"no free port from {SERVER_PORTS.start} to {SERVER_PORTS.stop - 1}")

    def _switch(self, old: Desired | None, goal: Desired) -> None:
        """Both slots filled, then one file that moves every later request."""
        if old:
            waiting = [each.model_copy(update={"weight": 0}) for each in goal.releases]
            both = goal.model_copy(update={"releases": (*old.releases, *waiting)})
            self.caddy.route(both)
            leaving = [each.model_copy(update={"weight": 0}) for each in old.releases]
            self.caddy.route(goal.model_copy(update={"releases": (*leaving, *goal.releases)}))
        else:
            self.caddy.route(goal)

    def _back(self, old: Desired | None, new: Placed, why: str) -> None:
        """All requests to ``old`` again, before the place of the failed release is emptied."""
        usecase = new.release.usecase
        changed = self._state.desired().get(usecase) != old
        if old is None:
            if changed:
                self._state.forget(usecase, "undo", why)
            self.caddy.close(usecase)
            return
        if changed:
            self._state.want(old, "undo", why)
        last = new.model_copy(update={"weight": 0})
        self.caddy.route(old.model_copy(update={"releases": (*old.releases, last)}))
        self.caddy.drain(new.port, DRAIN_TIMEOUT_S)
        self.caddy.route(old)

    def _log(self, release: Release) -> Path:
        return self._home.logs / f"{release.usecase}-v{release.version}.log"

    @property
    def _services(self) -> Path:
        return self._home.rollout / "services"

    def _clean(self) -> None:
        """Remove the working folders of servers that are no more."""
        known = {*self._state.services(), *self._state.processes()}
        if self._services.is_dir():
            for folder in self._services.iterdir():
                if folder.name not in known:
                    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def lock(home: Home, report: Report) -> Iterator[None]:
    """One kaizen command at a time changes what is served in a home."""
    home.rollout.mkdir(parents=True, exist_ok=True)
    with (home.rollout / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another kaizen command to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def address(port: int) -> str:
    """The URL of a server."""
    return f"http://{ports.HOST}:{port}"


def not_ready(port: int, timeout_s: float = 2.0) -> str | None:
    """Why the server on ``port`` is not ready, None when it is.

    Raises:
        httpx.ConnectError: nothing listens there.
        KaizenError: the server says that it never will be.
    """
    try:
        answer = httpx.get(f"{address(port)}/readyz", timeout=timeout_s, trust_env=False)
    except httpx.ConnectError:
        raise
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
    if answer.status_code == httpx.codes.OK:
        return None
    try:
        refusal = answer.json()["error"]
        reason, final = str(refusal["reason"]), refusal["field"] == "model"
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
    if final:
        raise KaizenError(f"its server refuses to serve it: {reason}")
    return reason


def _last_line(log: Path) -> str:
    """The last words of a server, which mostly say what was wrong."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return "it wrote nothing"
    return lines[-1].strip()[:200] if lines else "it wrote nothing"
