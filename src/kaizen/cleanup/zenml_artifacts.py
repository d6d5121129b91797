"""Folders of the artifact store to which no artifact version of ZenML's database points.

A step that failed while it wrote, or a version deleted in ZenML, leaves such a folder. The tables
and the folders' names are ZenML's own, read without ZenML, whose import takes seconds: a test
compares this with what a real run has made.
"""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path, PurePosixPath

import yaml

from kaizen.cleanup.collector import Leftovers, is_older, leftovers
from kaizen.core import readonly
from kaizen.core.paths import Home

KIND = "artifacts"
READS = "the ZenML store"
WHY = "no artifact version in ZenML's database points there"

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LEAF = re.compile(r"[0-9a-f]{8}")
_QUERY = "SELECT uri FROM artifact_version UNION SELECT uri FROM artifact_visualization"


def find(home: Home, before: float, *, at_work: bool = False) -> Leftovers:  # noqa: ARG001
    """Such folders, not written to at ``before`` (seconds since the epoch) or later.

    Raises:
        sqlite3.Error: the database is damaged, busy, or not ZenML's.
    """
    database = home.zenml_database
    if _is_elsewhere(home):
        return Leftovers(KIND, "left alone: ZenML keeps its record in another store")
    if not database.is_file():
        return Leftovers(KIND, "left alone: ZenML has no database here")
    # In this order: what is recorded between the two looks is found in the record.
    there = {path: _leaves(path) for path in _outputs(home)}
    known = _recorded(database)
    orphans = [
        path
        for output, leaves in there.items()
        if output.name not in known
        for path in _unknown(output, leaves, known)
    ]
    return leftovers(KIND, WHY, [path for path in orphans if is_older(path, before)])


def _is_elsewhere(home: Home) -> bool:
    """Whether a setting names a store that is not this home's own file."""
    if os.environ.get("ZENML_STORE_URL"):
        return True
    try:
        config = yaml.safe_load((home.zenml / "config/config.yaml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    store = (config or {}).get("store") or {}
    own = "/".join(home.zenml_database.parts[-2:])
    return "url" in store and not str(store["url"]).endswith(f"/{own}")


def _outputs(home: Home) -> list[Path]:
    """Where steps wrote an output: STORE/STEP/OUTPUT/ID OF THE STEP'S RUN."""
    return sorted(
        path
        for path in (home.zenml / "stores").glob("*/*/*/*")
        if _UUID.fullmatch(path.name) and _UUID.fullmatch(path.parents[2].name) and path.is_dir()
    )


def _leaves(output: Path) -> list[Path]:
    """One folder for each time that the output was written."""
    try:
        return sorted(output.iterdir())
    except FileNotFoundError:  # Removed meanwhile: it is not older than anything either.
        return []


def _unknown(output: Path, leaves: list[Path], known: set[str]) -> list[Path]:
    """The whole output where nothing of it is known, else the leaves that are not."""
    orphans = [
        leaf
        for leaf in leaves
        if _LEAF.fullmatch(leaf.name) and f"{output.name}/{leaf.name}" not in known
    ]
    return [output] if orphans == leaves else orphans


def _recorded(database: Path) -> set[str]:
    """Every two parts that follow each other in an address, and the last one.

    Not whole addresses: a home that was moved has its old place in them.
    """
    rows = readonly.read(database, lambda connection: connection.execute(_QUERY).fetchall())
    addresses = [PurePosixPath(address).parts for (address,) in rows if address]
    known = {parts[-1] for parts in addresses if parts}
    for parts in addresses:
        known.update(f"{one}/{other}" for one, other in pairwise(parts))
    return known
