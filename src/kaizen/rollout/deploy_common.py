"""Shared by deploy, rollback and traffic: golden sets on disk, checks of a server, the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kaizen.core.atomic import write_text
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Record, Release
from kaizen.rollout import traffic
from kaizen.rollout.preflight import ReplayCheck
from kaizen.rollout.reconcile import Check, Reconciler
from kaizen.rollout.servers import address
from kaizen.rollout.state import Desired, Placed, State

if TYPE_CHECKING:
    from kaizen.inference.golden import Golden

OnPromoted = Callable[[str, str], None]
"""Called with use case and version once that version has every request."""


class Deployment(Record):
    """A release that is live.

    Attributes:
        usecase, version, tag: what is served.
        url: where, without a trailing slash; POST to ``URL/predict``.
        port: the public port.
        seconds: from the call to the answer.
    """

    usecase: str
    version: str
    tag: str
    url: str
    port: int
    seconds: float


def deployment(reconciler: Reconciler, desired: Desired, begun: float) -> Deployment:
    """The main release of ``desired``; ``begun`` on the monotonic clock."""
    release = desired.main.release
    return Deployment(
        usecase=desired.usecase,
        version=release.version,
        tag=release.tag,
        url=reconciler.caddy.url(desired.usecase),
        port=reconciler.caddy.port,
        seconds=round(time.monotonic() - begun, 2),
    )


def bring_up(
    state: State, reconciler: Reconciler, desired: Desired, on_promoted: OnPromoted
) -> None:
    """Have the servers of ``desired`` run and answer, and the champion's name where it belongs."""
    seen = state.processes()
    for placed in reconciler.restore(desired).releases:
        if placed.weight:  # one that is only warm holds nobody up
            last = seen.get(placed.service)
            reconciler.servers.ready(placed, exits=last.exits if last else 0)
    if desired.main.weight == 100:
        on_promoted(desired.usecase, desired.main.release.version)


def place(
    reconciler: Reconciler, row: Desired | None, release: Release, workers: int, check: Check,
    keep: str | None = None,
) -> tuple[Desired, Placed]:  # fmt: skip
    """A row in which ``release`` has a ready, checked server, and that; it has no request yet.

    Args:
        keep: version that stays where two others are served; None for the main one.

    Raises:
        KaizenError: it did not start or did not pass.
    """
    if row is None:
        placed = reconciler.start_checked(None, release, workers, check)
        whole = placed.model_copy(update={"weight": 100})
        row = Desired(usecase=release.usecase, releases=(whole,), workers=workers)
        return row, placed
    if not runs(row, release, workers):
        row = reconciler.make_room(row, keep)
    placed = reconciler.start_checked(row, release, workers, check)
    return traffic.with_waiting(row, placed).model_copy(update={"workers": workers}), placed


def runs(row: Desired, release: Release, workers: int) -> bool:
    """Whether a server of exactly this release is part of ``row``."""
    known = row.placed(release.version)
    return known is not None and known.release == release and row.workers == workers


def refuse_during_canary(row: Desired | None) -> None:
    """Refuse a second change while a canary is in progress.

    Raises:
        KaizenError: one is.
    """
    if row and row.canary:
        share = row.canary.stages[row.canary.at]
        raise KaizenError(
            f"a canary of {row.usecase} v{row.canary.version} is in progress ({share} % of the "
            f"requests): wait for it to finish, or end it with `kaizen rollback {row.usecase}`"
        )


@contextmanager
def explain_failure(home: Home, release: Release, what: str = "deployed") -> Iterator[None]:
    """A failure says what is served now, and where the log of ``release`` is."""
    try:
        yield
    except Exception as error:
        with State(home) as state:
            row = state.desired().get(release.usecase)
        goes_on = f"v{row.main.release.version} goes on serving" if row else "nothing is served"
        log = home.logs / f"{release.usecase}-v{release.version}.log"
        raise KaizenError(
            f"{release.usecase} v{release.version} was not {what}: {error}; {goes_on}; log: {log}"
        ) from error


def golden_check(home: Home, golden: Golden, version: str) -> Check:
    """Asks the golden set of ``version`` at a URL of ``home``."""
    from kaizen.client import http_client

    return partial(http_client.smoke, golden=golden, version=version, of=home)


class ServerCheck:
    """The check of a new server before its first request: golden set, then recent requests.

    Args:
        check: asks the golden set.
        replay_check: asks recent requests.
        row: what is served now.
        version: of the new server.

    Attributes:
        seen: what the recent requests came to, "" where there is no other release to compare with.
    """

    def __init__(
        self, check: Check, replay_check: ReplayCheck, row: Desired | None, version: str
    ) -> None:
        self._check = check
        self._replay_check = replay_check
        old = row.main if row else None
        self._old = old if old and old.release.version != version else None
        self.seen = ""

    def __call__(self, url: str) -> None:
        """Raise KaizenError when the server at ``url`` must not be served."""
        self._check(url)
        if self._old:
            self.seen = self._replay_check(url, self._old.release.version, address(self._old.port))


def keep_golden(home: Home, release: Release, golden: Golden) -> None:
    """Write the golden set of ``release`` down, for the way back."""
    write_text(_golden_file(home, release), golden.dump())


def golden_of(home: Home, release: Release) -> Golden:
    """The golden set of a release that was deployed before.

    Raises:
        KaizenError: it is gone.
    """
    from kaizen.inference.golden import Golden

    file = _golden_file(home, release)
    if not file.exists():
        raise KaizenError(f"the golden set of {release.tag} is not at {file}: deploy it again")
    return Golden.parse(file.read_bytes())


def _golden_file(home: Home, release: Release) -> Path:
    return home.rollout / "golden" / f"{release.usecase}-v{release.version}.json"
