"""Homes whose releases are tiny HTTP servers, for tests of what is served.

Run as a program (``rolling.py VERSION``) it deploys a slow canary into ``KAIZEN_HOME``.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from kaizen.core import http
from kaizen.core.atomic import write_text
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.core.settings import RolloutRule
from kaizen.inference.golden import Golden
from kaizen.rollout import deployments, processes, traffic_changes
from kaizen.rollout.deployments import Deployment
from kaizen.rollout.launcher import Launch

SERVER = Path(__file__).parent.parent / "integration" / "fake_server.py"
GOLDEN = Golden(requests=[{"x": 1.0}], outputs={"value": [1.5]}, responses=[{"value": 1.5}])


def launcher(release: Release, port: int, workers: int, folder: Path, home: Home) -> Launch:
    """The behaviour of the server is the release's path."""
    command = (sys.executable, str(SERVER), str(port), release.version, release.path)
    return Launch(command, {"PATH": os.environ["PATH"]})


ALIAS = "alias"
"""File in the home that stands for the champion's name."""
COLD = RolloutRule(keep_warm_s=0)


def named(version: str, behaviour: str = "ok", usecase: str = "diabetes") -> Release:
    return Release(
        usecase=usecase, version=version, tag=f"{usecase}:{version}", digest="", path=behaviour
    )


@dataclass
class Place:
    """One home, and what was said while it was worked in."""

    home: Home
    followed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def deploy(
        self,
        version: str,
        behaviour: str = "ok",
        usecase: str = "diabetes",
        follow: Callable[[str, str], None] | None = None,
        patience_s: float = 20.0,
        rule: RolloutRule = COLD,
    ) -> Deployment:
        release = named(version, behaviour, usecase)
        return deployments.deploy(
            release,
            workers=1,
            golden=GOLDEN,
            home=self.home,
            on_promoted=follow or self.follow,
            report=self.said.append,
            rule=rule,
            launcher=launcher,
            patience_s=patience_s,
        )

    def up(self) -> list[Deployment]:
        return deployments.up(self.home, self.follow, self.said.append, launcher)

    def rollback(self) -> Deployment:
        return deployments.rollback("diabetes", self.home, self.follow, self.said.append, launcher)

    def shift(
        self, weights: dict[str, int], behaviour: str = "ok", keep_warm_s: float = 0.0
    ) -> dict[str, int]:
        return traffic_changes.shift(
            "diabetes",
            weights,
            self.home,
            lambda version: (named(version, behaviour), GOLDEN),
            self.follow,
            self.said.append,
            keep_warm_s=keep_warm_s,
            launcher=launcher,
            patience_s=20.0,
        )

    def follow(self, usecase: str, version: str) -> None:
        self.followed.append(f"{usecase} {version}")
        if usecase == "diabetes":
            write_text(self.home.root / ALIAS, version)

    def alias(self) -> str:
        return (self.home.root / ALIAS).read_text()

    def running(self) -> list[psutil.Process]:
        """Every process with this home in its environment, by our own look."""
        found = []
        for process in psutil.process_iter():
            try:
                inside = process.environ().get("KAIZEN_HOME") == str(self.home.root)
            except psutil.Error:
                continue
            if inside and process.pid != os.getpid() and processes.alive(process):
                found.append(process)
        return found

    def server(self) -> psutil.Process:
        (service,) = deployments.status(self.home)
        return psutil.Process(service.pids[0])


def version_at(url: str, **headers: str) -> str:
    with http.client(5.0) as client:
        answer = client.post(f"{url}/predict", json={"rows": [{"x": 1}]}, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["model_version"])


def eventually(true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


class Load:
    """Clients that ask all the time over kept connections."""

    def __init__(self, url: str, clients: int = 4, pause_s: float = 0.0) -> None:
        self._pause_s = pause_s
        self.answers: list[str] = []
        self.failures: list[str] = []
        self._url = f"{url}/predict"
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def settled(self, pause_s: float = 0.5) -> int:
        """How many failures there are once no more come."""
        seen = -1
        while seen != len(self.failures):
            seen = len(self.failures)
            time.sleep(pause_s)
        return seen

    def _ask(self) -> None:
        with http.client(5.0) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post(self._url, json={"rows": [{"x": 1}]}).raise_for_status()
                    self.answers.append(answer.json()["model_version"])
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))
                if self._pause_s:
                    self._stop.wait(self._pause_s)


def main() -> None:
    slow = RolloutRule(stages=(20, 100), min_requests=10_000, max_seconds=120, keep_warm_s=0)
    Place(Home(Path(os.environ["KAIZEN_HOME"]))).deploy(sys.argv[1], rule=slow)


if __name__ == "__main__":
    main()
