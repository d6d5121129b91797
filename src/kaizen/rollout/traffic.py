"""Pure functions that change a desired row: its shares, its canary and its warm releases."""

from __future__ import annotations

from collections.abc import Mapping

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.results import Release
from kaizen.rollout.state import KEPT_RELEASES, Canary, Desired, Placed


def parse(words: list[str]) -> dict[str, int]:
    """``VERSION=WEIGHT`` words as percent by version; a leading ``v`` of a version is allowed.

    Raises:
        UsageError: a word of another form, a version twice, or weights that are not 100 together.
    """
    weights: dict[str, int] = {}
    for word in words:
        version, equals, weight = word.partition("=")
        version, weight = version.removeprefix("v"), weight.removesuffix("%")
        if not (version and equals and weight.isdecimal()):
            raise UsageError(f"{word!r}: expected VERSION=WEIGHT in percent, for example 3=90 4=10")
        if version in weights:
            raise UsageError(f"{word!r}: version {version} is named twice")
        weights[version] = int(weight)
    total = sum(weights.values())
    if total != 100:
        raise UsageError(f"the weights are {total} together: expected 100, for example 3=90 4=10")
    shares = {version: weight for version, weight in weights.items() if weight}
    if len(shares) > 2:
        raise UsageError(f"{len(shares)} versions: the router splits between two at most")
    return shares


def newcomer(row: Desired, weights: Mapping[str, int]) -> str | None:
    """The version of ``weights`` that has no server yet, None where all have.

    Raises:
        KaizenError: there are two: one place is not free as long as a third version answers.
    """
    new = [version for version in weights if row.placed(version) is None]
    if len(new) > 1:
        raise KaizenError(
            f"neither v{new[0]} nor v{new[1]} of {row.usecase} is served now: "
            f"`kaizen traffic {row.usecase} {new[0]}=100` first, then split"
        )
    return new[0] if new else None


def make_room(row: Desired, keep: str | None = None) -> Desired:
    """``row`` with one of the two places free: at most one release, with all requests.

    Args:
        keep: version that stays where only one can; None for the main one.
    """
    if len(row.releases) < 2:
        return row
    kept = (row.placed(keep) if keep else None) or row.main
    whole = kept.model_copy(update={"weight": 100, "warm_until": None})
    return row.model_copy(update={"releases": (whole,), "canary": None})


def split(row: Desired, shares: Mapping[str, int], now: float) -> Desired:
    """``row`` with these shares by service; a release without one is kept warm from ``now`` on."""
    until = now + row.keep_warm_s

    def shared(each: Placed) -> Placed:
        if weight := shares.get(each.service):
            return each.model_copy(update={"weight": weight, "warm_until": None})
        ends = until if each.weight else each.warm_until
        return each.model_copy(update={"weight": 0, "warm_until": ends})

    releases = tuple(shared(each) for each in row.releases)
    goal = row.model_copy(update={"releases": releases, "canary": None})
    return goal.model_copy(update={"previous": rollback_targets(row, goal.main.release)})


def staged(row: Desired, canary: Canary) -> Desired:
    """``row`` with the shares of the canary's stage."""
    share = canary.stages[canary.at]
    releases = tuple(
        each.model_copy(
            update={
                "weight": share if each.release.version == canary.version else 100 - share,
                "warm_until": None,
            }
        )
        for each in row.releases
    )
    return row.model_copy(update={"releases": releases, "canary": canary})


def without_canary(row: Desired, now: float) -> Desired:
    """All requests back to the release that was there before; the canary may be retired at once."""
    if row.canary is None:
        return row
    version = row.canary.version
    releases = tuple(
        each.model_copy(
            update={"weight": 0, "warm_until": now}
            if each.release.version == version
            else {"weight": 100, "warm_until": None}
        )
        for each in row.releases
    )
    return row.model_copy(update={"releases": releases, "canary": None})


def expired(row: Desired, services: Mapping[str, object], now: float) -> list[Placed]:
    """Releases without a share whose time is over, or whose server is not asked for any more."""
    return [
        each
        for each in row.releases
        if each.weight == 0 and ((each.warm_until or 0.0) <= now or each.service not in services)
    ]


def rollback_targets(known: Desired | None, release: Release) -> tuple[Release, ...]:
    """Releases that ``release`` can be rolled back to: each version before it once."""
    if known is None:
        return ()
    line = (*known.previous, known.main.release)
    return tuple(each for each in line if each.version != release.version)[-KEPT_RELEASES:]


def with_waiting(row: Desired, new: Placed) -> Desired:
    """``row`` with ``new`` in it, without a share unless it has one."""
    if any(each.service == new.service for each in row.releases):
        return row
    waiting = new.model_copy(update={"weight": 0, "warm_until": None})
    return row.model_copy(update={"releases": (*row.releases, waiting)})
