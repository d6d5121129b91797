"""Bentos that nobody refers to: no registered version, and nothing of what is or can be served.

Only what is surely such: made for a version of this home's registry, by a run it knows. Anything
else in the Bento store, and everything while a run or a deployment goes on, is left alone.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from pathlib import Path

from kaizen.cleanup.collector import Leftovers, is_older, leftovers
from kaizen.core import readonly
from kaizen.core.paths import Home
from kaizen.registry import packaged_versions
from kaizen.registry.packaged_versions import Packaged

KIND = "bentos"
READS = "a database"
WHY = "no registered version, nothing served and no way back names it"

_NAME = re.compile(r"(\d+)-[0-9a-f]{12}")
"""The version part of a tag: number in the registry, digest of the content."""


def find(home: Home, before: float, *, at_work: bool = False) -> Leftovers:
    """Such Bentos, not written to at ``before`` (seconds since the epoch) or later.

    Args:
        at_work: whether a run or a deployment goes on: it may be about to use any Bento.

    Raises:
        sqlite3.Error: a database is damaged or busy.
    """
    if at_work:
        return Leftovers(KIND, "left alone while a run or a deployment goes on")
    if os.environ.get("MLFLOW_TRACKING_URI", home.mlflow_uri) != home.mlflow_uri:
        return Leftovers(KIND, "left alone: MLFLOW_TRACKING_URI names another registry")
    there = sorted(home.bentoml.glob("bentos/*/*"))
    served = _served(home.rollout / "state.db")
    registry = packaged_versions.read(home.mlflow / "mlflow.db")
    if registry is None:
        return Leftovers(KIND, "left alone: there is no registry here")
    found = [
        path
        for path in there
        if not _mentioned(path, served)
        and _is_surely_unnamed(path, registry)
        and is_older(path, before)
    ]
    return leftovers(KIND, WHY, found)


def _served(database: Path) -> str:
    """Every text in the record of what is served, whatever table it stands in.

    All but the history, which tells of each release there ever was, and asks for none.
    """
    if not database.exists():
        return ""
    return readonly.read(database, _text)


def _text(connection: sqlite3.Connection) -> str:
    named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = [name for (name,) in named if name != "history"]
    rows = [
        row
        for table in tables
        for row in connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - its own tables
    ]
    return "\n".join(str(cell) for row in rows for cell in row)


def _mentioned(path: Path, text: str) -> bool:
    return any(f"{path.parent.name}{mark}{path.name}" in text for mark in ":/")


def _is_surely_unnamed(path: Path, registry: Packaged) -> bool:
    """Whether it was packaged here for a version that is gone or names another Bento."""
    usecase, named = path.parent.name, _NAME.fullmatch(path.name)
    if named is None or f"{usecase}:{path.name}" in registry.tags:
        return False
    try:
        about = json.loads((path / "src/metadata.json").read_bytes())
        origin = (about["usecase"], about["model_version"], about["mlflow_run"] in registry.runs)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return origin == (usecase, named[1], True) and (usecase, named[1]) not in registry.unnamed
