"""Old logs of runs that are finished; the newest stay, and so does what services write."""

from __future__ import annotations

import re
from pathlib import Path

from kaizen.cleanup.collector import Leftovers, is_older, leftovers
from kaizen.core import locks
from kaizen.core.paths import Home

KIND = "logs"
READS = "the state folder"
KEPT = 20
WHY = f"its run is finished, and {KEPT} newer run logs are kept"

_NAME = re.compile(r"(run|deploy|resume|plan)-.+-\d{8}-\d{6}\.log")
"""See ``kaizen.cli.run``: what it did, for which use case or run, and when."""


def find(home: Home, before: float, *, at_work: bool = False) -> Leftovers:  # noqa: ARG001
    """Such logs, not written to at ``before`` (seconds since the epoch) or later."""
    logs = [path for path in home.logs.glob("*.log") if _NAME.fullmatch(path.name)]
    logs.sort(key=_begun, reverse=True)
    old = [path for path in logs[KEPT:] if is_older(path, before) and not locks.is_held(path)]
    return leftovers(KIND, WHY, sorted(old))


def _begun(path: Path) -> str:
    """The time in its name: the last 15 places before the suffix."""
    return path.stem[-15:]
