"""Whether somebody works in a home now, and since when: what began after that is theirs."""

from __future__ import annotations

from pathlib import Path

from kaizen.core import locks
from kaizen.core.paths import Home

LONGEST_CHANGE_S = 600.0
"""A change of what is served takes less: ready, checked and drained, each with its limit."""
FRESH_S = 1.0
"""A lock file this young may be about to be locked: trying it could get in the way."""


def since(home: Home, now: float) -> float | None:
    """When the oldest run or deployment that goes on began (seconds since the epoch), or None."""
    begun = [began for path in home.runs.glob("*.lock") if (began := _held_since(path, now))]
    # Whoever wants to change what is served waits for this lock: trying it disturbs nobody.
    if locks.is_held(home.rollout / "lock"):
        begun.append(now - LONGEST_CHANGE_S)
    return min(begun, default=None)


def _held_since(path: Path, now: float) -> float | None:
    """A run makes its lock when it begins and never writes to it."""
    try:
        began = path.stat().st_mtime
    except FileNotFoundError:
        return None
    return began if began > now - FRESH_S or locks.is_held(path) else None
