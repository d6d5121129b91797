"""What ``kaizen doctor`` looks at of what is served: processes, releases and their champions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import httpx

from kaizen.cli.checks import Check
from kaizen.core import http
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.registry.champions import Champion
from kaizen.rollout import processes, supervisor_process
from kaizen.rollout.caddy import Caddy
from kaizen.rollout.processes import SUPERVISOR
from kaizen.rollout.router import PIN
from kaizen.rollout.servers import not_ready
from kaizen.rollout.state import Placed, State

PATIENCE_S = 1.0


def champions(known: Mapping[str, Champion]) -> list[Check]:
    """Whether every use case that had a champion still has one."""
    if not known:
        return [Check("champion", "ok", "none yet")]
    return [_champion(usecase, known[usecase]) for usecase in sorted(known)]


def _champion(usecase: str, champion: Champion) -> Check:
    name = f"champion {usecase}"
    if champion.lost:
        found = f"v{champion.lost} was champion and was deleted from the registry"
        advice = f"`kaizen deploy {usecase} --version` a promoted one, or `kaizen run {usecase}`"
        return Check(name, "failed", found, advice)
    return Check(name, "ok", f"v{champion.version}" if champion.version else "none yet")


def supervised(supervisor: int | None, running: Iterable[str], due: Iterable[str]) -> Check:
    """Whether what runs is looked after and asked for.

    Args:
        supervisor: its pid, None where it does not run.
        running: names of this home's processes; a server's workers have its name.
        due: names of those that should run.
    """
    names = set(running) - {SUPERVISOR}
    known = names & set(due)
    strangers = sorted(names - known)
    if supervisor is None and names:
        found = f"no supervisor keeps {', '.join(sorted(names))} alive"
        return Check(
            "processes", "failed", found, "`kaizen up` takes them over, `kaizen down` ends them"
        )
    if strangers:
        found = f"nothing asks for {', '.join(strangers)}"
        return Check("processes", "watch", found, "`kaizen down` and `kaizen up` clear them away")
    if supervisor is None:
        return Check("processes", "ok", "none runs")
    return Check("processes", "ok", f"supervisor, {', '.join(sorted(known)) or 'nothing else'}")


def release(
    usecase: str, version: str, refused: str | None, answers: str | None, champion: str | None
) -> Check:
    """Whether a release that should be served is, and is what the registry calls champion.

    Args:
        refused: why its server or the router does not answer, None when both do.
        answers: the version that answers through the router.
        champion: the champion's version, None where it is not known or not to be compared.
    """
    name, mend = f"served {usecase}", "`kaizen up`"
    if refused is not None:
        log = f"`kaizen logs {usecase}-v{version}`"
        return Check(name, "failed", f"v{version} does not answer: {refused}", f"{mend}; {log}")
    if answers != version:
        return Check(name, "failed", f"v{version} is due and v{answers} answers", mend)
    if champion is not None and champion != version:
        advice = f"{mend} makes v{version} champion; `kaizen deploy {usecase}` serves v{champion}"
        return Check(name, "failed", f"v{version} answers and v{champion} is champion", advice)
    known = "the champion" if champion else "its champion is not known"
    return Check(name, "ok", f"v{version} answers, {known}")


def served(home: Home, known: Mapping[str, Champion]) -> list[Check]:
    """The processes of a home and each release that should be served, asked one by one.

    Raises:
        KaizenError, sqlite3.Error: the home's record of what is served cannot be read.
    """
    supervisor = supervisor_process.running(home)
    running = [each.name for each in processes.scan(home)]
    with State(home) as state:
        checks = [supervised(supervisor, running, state.services())]
        caddy = Caddy(home, state)
        for usecase, desired in state.desired().items():
            champion = known.get(usecase)
            for placed in desired.releases:
                version = placed.release.version
                if not running:
                    found = f"v{version} is due and nothing runs"
                    checks.append(Check(f"served {usecase}", "watch", found, "`kaizen up`"))
                    continue
                refused, answers = _ask(placed, caddy.url(usecase))
                expected = champion.version if champion and placed == desired.main else None
                checks.append(release(usecase, version, refused, answers, expected))
    return checks


def _ask(placed: Placed, url: str) -> tuple[str | None, str | None]:
    """Why a release does not answer, or the version that answers through the router."""
    try:
        with http.client(PATIENCE_S) as client:
            if reason := not_ready(placed.port, client):
                return reason, None
    except httpx.ConnectError:
        return f"nothing listens on its port {placed.port}", None
    except KaizenError as error:
        return str(error), None
    pin = {PIN: placed.release.version}
    try:
        with http.client(PATIENCE_S) as client:
            answer = client.get(f"{url}/version", headers=pin).raise_for_status()
        return None, str(answer.json()["model_version"])
    except httpx.HTTPStatusError as error:
        return f"the router says {error.response.status_code}", None
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        return f"the router at {url} does not lead to it ({error})", None
