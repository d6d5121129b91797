"""Decides from the requests counted whether a canary advances or is rolled back.

The router counts, because it sees what clients see, also of a server that has ended. While a file
``NAME.watch`` exists, it logs each request that no header pinned to a version.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from kaizen.rollout.state import Canary

RISK = 0.01
"""A canary is rolled back when so many failures by chance are less likely than this."""
GIVEN_UP = 499
"""Written for a client that did not wait for the answer."""


@dataclass(frozen=True)
class Tally:
    """What one release has answered, and how often it failed: 5xx, or a client that gave up."""

    requests: int = 0
    failed: int = 0


@dataclass(frozen=True)
class StageDecision:
    """What to do with a stage, and why in words.

    "recheck" is for too few requests in the time there was: its golden answers and a replay of
    recent requests decide.
    """

    what: Literal["wait", "advance", "roll_back", "recheck"]
    why: str


def count(
    lines: Iterable[str], since: float, before: Mapping[str, Tally] | None = None
) -> dict[str, Tally]:
    """The tally of each place (``USECASE.SLOT``) from ``since`` on, from the router's log.

    Args:
        lines: JSON; one that cannot be read counts for nobody.
        since: seconds since the epoch.
        before: what earlier lines came to.
    """
    found = dict(before or {})
    for line in lines:
        try:
            entry = json.loads(line)
            place, at, status = entry["slot"], float(entry["ts"]), int(entry["status"])
        except (ValueError, KeyError, TypeError):
            continue
        if at >= since:
            known = found.get(place, Tally())
            failed = status >= 500 or status in (0, GIVEN_UP)
            found[place] = Tally(known.requests + 1, known.failed + failed)
    return found


def risk(new: Tally, old: Tally) -> float:
    """P(the new release fails this often or more) when both fail alike: Fisher, one-sided.

    Given all requests and all failures of both, the new one's failures are hypergeometric.
    """
    if new.failed == 0:
        return 1.0
    from scipy.stats import hypergeom

    together = new.requests + old.requests
    return float(hypergeom.sf(new.failed - 1, together, new.failed + old.failed, new.requests))


def judge(canary: Canary, new: Tally, old: Tally, now: float) -> StageDecision:
    """What the stage's figures say at ``now`` (seconds since the epoch)."""
    share = canary.stages[canary.at]
    seen = (
        f"at {share} % {new.failed} of {new.requests} requests failed, "
        f"{old.failed} of {old.requests} of the old release's"
    )
    chance = risk(new, old)
    if chance < RISK:
        return StageDecision(
            "roll_back", f"{seen}: by chance with p = {chance:.2g}, allowed is {RISK:g}"
        )
    if new.requests >= canary.min_requests:
        return StageDecision("advance", seen)
    seconds = now - canary.since
    if seconds >= canary.max_seconds:
        few = f"too few to judge in {seconds:.0f} s, {canary.min_requests} were due"
        return StageDecision("recheck", f"{seen}; {few}: its golden answers and a replay decide")
    return StageDecision("wait", seen)
