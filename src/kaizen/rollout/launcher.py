"""How a release becomes a process; the one place that knows it is a Bento."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kaizen.core.paths import Home
from kaizen.core.results import Release


@dataclass(frozen=True)
class Launch:
    """What to run: the command and the whole environment."""

    command: tuple[str, ...]
    environment: dict[str, str]


class Launcher(Protocol):
    """Says how a release is started as a server on 127.0.0.1."""

    def __call__(
        self, release: Release, port: int, workers: int, folder: Path, home: Home
    ) -> Launch:
        """``folder`` is the server's own working folder."""
        ...


def bento(release: Release, port: int, workers: int, folder: Path, home: Home) -> Launch:
    """The Bento of ``release``, its events in the use case's log.

    Raises:
        KaizenError: the folder of the Bento is gone.
    """
    from kaizen.core.errors import KaizenError
    from kaizen.server import command

    if not Path(release.path).is_dir():
        raise KaizenError(
            f"the Bento of {release.usecase} v{release.version} is not at {release.path}: "
            "package and deploy the version again"
        )
    return Launch(
        tuple(command.command(release, port, workers)),
        command.environment(release, folder, home.events / release.usecase, home),
    )
