"""Model servers: chooses their ports, launches them and waits until they are ready."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import httpx

from kaizen.client import readiness
from kaizen.core import http, ports
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.rollout import router
from kaizen.rollout.launcher import Launcher
from kaizen.rollout.state import Desired, Placed, Service, State

SERVER_PORTS = range(20000, 30000)
"""Below the ports that the system gives to clients."""


class Servers:
    """The servers of one home."""

    def __init__(self, home: Home, state: State, launcher: Launcher, patience_s: float) -> None:
        self._home = home
        self._state = state
        self._launcher = launcher
        self._patience_s = patience_s
        self._folder = home.rollout / "services"

    def place(self, release: Release, row: Desired | None) -> Placed:
        """A free port, the idle slot and a new name for the server of ``release``."""
        used = {placed.slot for placed in row.releases} if row else set()
        slot = next(slot for slot in router.SLOTS if slot not in used)
        return self._named(Placed(release=release, weight=0, port=0, slot=slot, service=""))

    def moved(self, placed: Placed) -> Placed:
        """The same release on another port."""
        return self._named(placed)

    def launch(self, placed: Placed, workers: int) -> None:
        """Ask the supervisor for the server of a release."""
        folder = self._folder / placed.service
        launch = self._launcher(placed.release, placed.port, workers, folder, self._home)
        self._state.keep(
            Service(
                name=placed.service,
                command=launch.command,
                environment=launch.environment,
                folder=str(folder),
                log=str(self.log(placed.release)),
            )
        )

    def ready(self, placed: Placed, exits: int = 0) -> float:
        """Wait until a server is ready; the seconds it took.

        Raises:
            KaizenError: it ended more than ``exits`` times, refused itself, or took too long.
        """
        begun = time.monotonic()
        last = "nothing listens there yet"
        with http.client(2.0) as client:
            while time.monotonic() - begun < self._patience_s:
                if reason := self.ended(placed, exits):
                    raise KaizenError(reason)
                try:
                    refusal = not_ready(placed.port, client)
                except httpx.ConnectError:
                    refusal = last
                if refusal is None:
                    return time.monotonic() - begun
                last = refusal
                time.sleep(0.05)
        raise KaizenError(f"its server was not ready within {self._patience_s:g} s: {last}")

    def ended(self, placed: Placed, exits: int = 0) -> str | None:
        """Its last words when a server has ended more than ``exits`` times by itself."""
        seen = self._state.processes().get(placed.service)
        if seen is None or seen.exits <= exits:
            return None
        code = "" if seen.code is None else f" with exit code {seen.code}"
        return f"its server ended{code}: {last_line(self.log(placed.release))}"

    def log(self, release: Release) -> Path:
        """What the server of a release wrote."""
        return self._home.logs / f"{release.usecase}-v{release.version}.log"

    def clean(self) -> None:
        """Remove the working folders of servers that are no more."""
        known = {*self._state.services(), *self._state.processes()}
        if self._folder.is_dir():
            for folder in self._folder.iterdir():
                if folder.name not in known:
                    shutil.rmtree(folder, ignore_errors=True)

    def _named(self, placed: Placed) -> Placed:
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


def address(port: int) -> str:
    """The URL of a server."""
    return f"http://{ports.HOST}:{port}"


def not_ready(port: int, client: httpx.Client) -> str | None:
    """Why the server on ``port`` is not ready, None when it is.

    Raises:
        httpx.ConnectError: nothing listens there.
        KaizenError: the server says that it never will be.
    """
    try:
        return readiness.not_ready(client, address(port))
    except KaizenError as error:
        raise KaizenError(f"its server refuses to serve it: {error}") from None


def is_ready(port: int) -> bool:
    """Whether the server on ``port`` says within a second that it is ready."""
    try:
        with http.client(1.0) as client:
            return not_ready(port, client) is None
    except (httpx.HTTPError, KaizenError):
        return False


def events_lost(port: int) -> int | None:
    """How many events the server on ``port`` could not write; None where it does not say."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=1.0).raise_for_status()
        families = list(text_string_to_metric_families(answer.text))
    except (httpx.HTTPError, ValueError):
        return None
    return sum(
        int(sample.value)
        for family in families
        for sample in family.samples
        if sample.name == "kaizen_events_total" and sample.labels.get("outcome") == "dropped"
    )


def last_line(log: Path) -> str:
    """The last words of a server, which mostly say what was wrong."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return "it wrote nothing"
    return lines[-1].strip()[:200] if lines else "it wrote nothing"
