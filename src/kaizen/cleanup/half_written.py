"""What writes that were interrupted have left: temporary files and folders beside their targets."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from kaizen.cleanup.collector import Leftovers, is_older, leftovers
from kaizen.core.paths import Home

KIND = "half-written"
READS = "the state folder"
WHY = "a write that was interrupted left it"

FILE = re.compile(r"\..+\.[a-z0-9_]{8}")
"""The temporary files of :mod:`kaizen.core.atomic`; they are for their writer alone to read."""
FOLDER = re.compile(r"\.[0-9a-f]{12,64}\.[a-z0-9_]{8}")
"""The temporary folders of :mod:`kaizen.data.folders`: what they become is named by its content."""
BUILD = re.compile(r"build-[a-z0-9_]{8}")
"""The folders in which :mod:`kaizen.packaging.bento` builds."""


def find(home: Home, before: float, *, at_work: bool = False) -> Leftovers:  # noqa: ARG001
    """Everything half-written that was not written to at ``before`` or later."""
    found = chain(_files(home), _folders(home))
    return leftovers(KIND, WHY, sorted(path for path in found if is_older(path, before)))


def _files(home: Home) -> Iterator[Path]:
    """In the folders that kaizen writes files to; libraries name theirs as they like."""
    rollout, monitoring = home.rollout, home.monitoring
    fixed = (home.root, home.zenml, home.samples, rollout, rollout / "golden", rollout / "router")
    reports = (
        *monitoring.glob("reports/*"),
        *monitoring.glob("evidently/*"),
        *monitoring.glob("evidently/*/snapshots"),
    )
    for folder in (*fixed, *reports):
        for path in folder.glob(".*"):
            if FILE.fullmatch(path.name) and _is_private_file(path):
                yield path


def _folders(home: Home) -> Iterator[Path]:
    for root, pattern, name in (
        (home.datasets, "*/.*", FOLDER),
        (home.quarantine, "*/.*", FOLDER),
        (home.bentoml, "build-*", BUILD),
    ):
        for path in root.glob(pattern):
            if name.fullmatch(path.name) and path.is_dir():
                yield path


def _is_private_file(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISREG(mode) and stat.S_IMODE(mode) == 0o600
