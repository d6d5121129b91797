"""Deploy, bring up, take down, look at and roll back what a home serves: the room's front door."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil

from kaizen.atomic import write_text
from kaizen.errors import KaizenError, unknown
from kaizen.paths import Home
from kaizen.results import Record, Release
from rollout import daemon, processes
from rollout.caddy import Caddy
from rollout.launcher import Launcher, bento
from rollout.reconcile import READY_TIMEOUT_S, Reconciler, Report, lock, not_ready
from rollout.state import KEPT_RELEASES, Desired, Placed, State

if TYPE_CHECKING:
    from serving.golden import Golden

Follow = Callable[[str, str], None]
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


class ServiceStatus(Record):
    """One release that should be served, and what is found.

    Attributes:
        weight: its share of the requests, in percent.
        pids: its processes, the first started first; empty when it does not run.
        ready: whether its server says so now.
        since: start of its server, ISO 8601 in UTC; None when it does not run.
    """

    usecase: str
    version: str
    tag: str
    weight: int
    url: str
    pids: tuple[int, ...]
    ready: bool
    since: str | None


def deploy(
    release: Release,
    *,
    workers: int,
    golden: Golden,
    home: Home,
    follow: Follow,
    report: Report,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
) -> Deployment:
    """Serve ``release`` in place of what its use case serves now, without a failed request.

    The release that is live already is only asked whether it answers.

    Args:
        release: what to serve.
        workers: server processes.
        golden: requests and the answers due, asked on a staging port and through the router.
        home: the state folder.
        follow: moves the champion's name.
        report: told each stage.
        launcher: how a release becomes a process.
        patience_s: longest wait for a server to get ready.

    Raises:
        KaizenError: the release did not get ready or gave a wrong answer. The one before goes on
            serving; the message says why and where the log is.
    """
    begun = time.monotonic()
    with lock(home, report), State(home) as state:
        write_text(_golden_file(home, release), golden.dump())
        hands = Reconciler(home, state, launcher, report, patience_s)
        hands.foundation(release.usecase)
        known = state.desired().get(release.usecase)
        if known and known.main.release == release and known.workers == workers:
            _bring_up(state, hands, known, follow)
        else:
            first = Placed(release=release, weight=100, port=0, slot="", service="")
            desired = Desired(
                usecase=release.usecase,
                releases=(first,),
                workers=workers,
                previous=_previous(known, release),
            )
            _replace(hands, desired, golden, follow, f"deploy of {release.tag}")
        return _deployment(hands, state.desired()[release.usecase], begun)


def up(
    home: Home,
    follow: Follow,
    report: Report,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
) -> list[Deployment]:
    """Serve everything that should be served, after a restart, a crash or :func:`down`.

    Raises:
        KaizenError: a use case did not come up; the others did.
    """
    begun = time.monotonic()
    with lock(home, report), State(home) as state:
        if not state.desired():
            return []
        hands = Reconciler(home, state, launcher, report, patience_s)
        hands.foundation()
        for desired in state.desired().values():  # all start at once, then each is waited for
            hands.restore(desired)
        live, failed = [], []
        for desired in state.desired().values():
            try:
                _bring_up(state, hands, desired, follow)
            except KaizenError as error:
                failed.append(f"{desired.usecase}: {error}")
            else:
                live.append(_deployment(hands, desired, begun))
    if failed:
        raise KaizenError("; ".join(failed))
    return live


def ensure(
    usecase: str,
    home: Home,
    follow: Follow,
    report: Report = lambda _: None,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
) -> Deployment | None:
    """Like :func:`up` for one use case; None when nothing should be served for it."""
    begun = time.monotonic()
    with lock(home, report), State(home) as state:
        desired = state.desired().get(usecase)
        if desired is None:
            return None
        hands = Reconciler(home, state, launcher, report, patience_s)
        hands.foundation()
        _bring_up(state, hands, desired, follow)
        return _deployment(hands, state.desired()[usecase], begun)


def down(home: Home) -> int:
    """Stop everything, requests under way first; the number of processes ended.

    What should be served stays known: :func:`up` brings it back.
    """
    with lock(home, lambda _: None), State(home) as state:
        ended = daemon.stop(home)
        if state.path.exists():
            state.release(list(state.services()))
            for name in state.processes():
                state.gone(name)
        shutil.rmtree(home.rollout / "services", ignore_errors=True)
        return ended


def status(home: Home) -> list[ServiceStatus]:
    """Every release that should be served and whether it is, from the state alone."""
    with State(home) as state:
        caddy = Caddy(home, state)
        seen = state.processes()
        found = []
        for desired in state.desired().values():
            for placed in desired.releases:
                last = seen.get(placed.service)
                process = processes.find(last)
                found.append(
                    ServiceStatus(
                        usecase=desired.usecase,
                        version=placed.release.version,
                        tag=placed.release.tag,
                        weight=placed.weight,
                        url=caddy.url(desired.usecase),
                        pids=_family(process),
                        ready=process is not None and _is_ready(placed.port),
                        since=last.since if process and last else None,
                    )
                )
        return found


def rollback(
    usecase: str,
    home: Home,
    follow: Follow,
    report: Report,
    launcher: Launcher = bento,
    patience_s: float = READY_TIMEOUT_S,
    why: str = "rollback",
) -> Deployment:
    """Serve the release before the current one again, by the same way as :func:`deploy`.

    Raises:
        KaizenError: there is none, or it does not serve any more; the current one goes on.
    """
    begun = time.monotonic()
    with lock(home, report), State(home) as state:
        known = state.desired().get(usecase)
        if known is None:
            raise unknown("deployment", usecase, state.desired())
        if not known.previous:
            raise KaizenError(
                f"{usecase} v{known.main.release.version} is the only release there was: "
                "nothing to roll back to"
            )
        *earlier, release = known.previous
        hands = Reconciler(home, state, launcher, report, patience_s)
        hands.foundation()
        goal = known.model_copy(
            update={
                "releases": (known.main.model_copy(update={"release": release}),),
                "previous": tuple(earlier),
            }
        )
        _replace(hands, goal, _golden(home, release), follow, why)
        return _deployment(hands, state.desired()[usecase], begun)


def undo(
    deployment: Deployment,
    error: Exception,
    home: Home,
    follow: Follow,
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
        before = rollback(usecase, home, follow, report, launcher, why=str(error))
    except KaizenError as failure:
        return KaizenError(f"{text}; and the way back failed: {failure}")
    return KaizenError(f"{text}; v{before.version} serves again")


def logs(home: Home, name: str) -> list[Path]:
    """The log files of ``supervisor``, ``router`` or a use case's servers, newest first.

    Raises:
        UsageError: there is no log of this name; the nearest one is offered.
    """
    there = {path: path.name.split(".log")[0] for path in home.logs.glob("*.log*")}
    found = [path for path, stem in there.items() if name in (stem, stem.rpartition("-v")[0])]
    if not found:
        raise unknown("log", name, set(there.values()))
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _replace(hands: Reconciler, desired: Desired, golden: Golden, follow: Follow, why: str) -> None:
    from serving import client

    version = desired.main.release.version
    check = partial(client.smoke, golden=golden, version=version)
    hands.replace(desired, check, partial(follow, desired.usecase, version), why)


def _bring_up(state: State, hands: Reconciler, desired: Desired, follow: Follow) -> None:
    """Have the servers of ``desired`` run and answer."""
    seen = state.processes()
    for placed in hands.restore(desired).releases:
        last = seen.get(placed.service)
        hands.ready(placed, exits=last.exits if last else 0)
    follow(desired.usecase, desired.main.release.version)


def _deployment(hands: Reconciler, desired: Desired, begun: float) -> Deployment:
    release = desired.main.release
    return Deployment(
        usecase=desired.usecase,
        version=release.version,
        tag=release.tag,
        url=hands.caddy.url(desired.usecase),
        port=hands.caddy.port,
        seconds=round(time.monotonic() - begun, 2),
    )


def _previous(known: Desired | None, release: Release) -> tuple[Release, ...]:
    """The way back from ``release``: what was served before it, each version once."""
    if known is None:
        return ()
    line = (*known.previous, known.main.release)
    return tuple(each for each in line if each.version != release.version)[-KEPT_RELEASES:]


def _golden_file(home: Home, release: Release) -> Path:
    return home.rollout / "golden" / f"{release.usecase}-v{release.version}.json"


def _golden(home: Home, release: Release) -> Golden:
    from serving.golden import Golden

    file = _golden_file(home, release)
    if not file.exists():
        raise KaizenError(f"the golden set of {release.tag} is not at {file}: deploy it again")
    return Golden.parse(file.read_bytes())


def _is_ready(port: int) -> bool:
    try:
        return not_ready(port, timeout_s=1.0) is None
    except (httpx.HTTPError, KaizenError):
        return False


def _family(process: psutil.Process | None) -> tuple[int, ...]:
    try:
        children = process.children(recursive=True) if process else []
    except psutil.Error:
        return ()
    return (process.pid, *(child.pid for child in children)) if process else ()
