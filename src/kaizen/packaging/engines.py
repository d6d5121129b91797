"""Builds and pushes images with whatever engine this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kaizen.core.errors import KaizenError, unknown

NAMES = ("docker", "podman", "buildah")
"""In the order in which they are tried."""
TIMEOUT_S = 1800


@dataclass(frozen=True)
class Engine:
    """A container engine that answers.

    Attributes:
        name: one of :data:`NAMES`.
        environment: what its commands need besides.
    """

    name: str
    environment: dict[str, str]

    def build(self, containerfile: Path, tag: str) -> str:
        """Build the image of the folder of ``containerfile`` without network; the image's id.

        Raises:
            KaizenError: it failed; the engine's last lines are quoted.
        """
        # Images in OCI's own format have no health check: podman and buildah drop it silently.
        form = () if self.name == "docker" else ("--format", "docker")
        with tempfile.TemporaryDirectory() as temporary:
            written = Path(temporary) / "id"
            self._run(
                [
                    *("build", "--network", "none", *form, "--tag", tag),
                    *("--iidfile", str(written), "--file", str(containerfile)),
                    str(containerfile.parent),
                ],
                f"the image {tag} could not be built",
            )
            return written.read_text().strip()

    def push(self, tag: str) -> None:
        """Push an image to the registry that its tag names.

        Raises:
            KaizenError: the registry does not take it.
        """
        self._run(["push", tag], f"the image {tag} could not be pushed")

    def _run(self, words: Sequence[str], failure: str) -> None:
        done = subprocess.run(
            [self.name, *words],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=TIMEOUT_S,
        )
        if done.returncode:
            said = "\n".join(done.stdout.strip().splitlines()[-10:])
            raise KaizenError(f"{failure} by {self.name}:\n{said}")


def find(name: str | None = None) -> Engine:
    """The engine of this name, else the first one that answers.

    Raises:
        UsageError: there is no engine of this name.
        KaizenError: none answers; what each lacks is said.
    """
    if name is not None and name not in NAMES:
        raise unknown("container engine", name, NAMES)
    lacking = []
    for each in (name,) if name else NAMES:
        missing = _missing(each)
        if missing is None:
            return Engine(each, _environment(each))
        lacking.append(f"{each}: {missing}")
    raise KaizenError(
        f"no container engine answers ({'; '.join(lacking)}): start or install one, or write the "
        "build context with --context-only FOLDER and build it elsewhere"
    )


def _missing(name: str) -> str | None:
    """Why an engine cannot be used, None when it can."""
    if shutil.which(name) is None:
        return "not installed"
    done = _asked([name, "info"])
    if done.returncode == 0:
        return None
    said = done.stdout.strip().splitlines()
    return said[-1].strip() if said else "it said nothing"


def _environment(name: str) -> dict[str, str]:
    """A docker without buildx refuses to build, unless it is told to do so the older way."""
    if name == "docker" and _asked([name, "buildx", "version"]).returncode:
        return {"DOCKER_BUILDKIT": "0"}
    return {}


def _asked(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        timeout=60,
    )
