"""What MLflow's database says of packaged versions, read without MLflow (see champions.py)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from kaizen.core import readonly

_VERSIONS = """
SELECT versions.name, versions.version, tags.value FROM model_versions AS versions
LEFT JOIN model_version_tags AS tags
    ON tags.name = versions.name AND tags.version = versions.version AND tags.key = 'bento'
WHERE versions.current_stage IS NULL OR versions.current_stage != 'Deleted_Internal'
"""


@dataclass(frozen=True)
class Packaged:
    """The registered versions and their Bentos.

    Attributes:
        tags: exact tags of the Bentos that versions name.
        unnamed: versions (use case, number) that name no Bento.
        runs: every MLflow run of this store.
    """

    tags: frozenset[str]
    unnamed: frozenset[tuple[str, str]]
    runs: frozenset[str]


def read(database: Path) -> Packaged | None:
    """What the registry names; None where there is no database.

    Raises:
        sqlite3.Error: it is damaged, busy, or not MLflow's.
    """
    if not database.exists():
        return None
    return readonly.read(database, _read)


def _read(connection: sqlite3.Connection) -> Packaged:
    versions = connection.execute(_VERSIONS).fetchall()
    runs = connection.execute("SELECT run_uuid FROM runs").fetchall()
    return Packaged(
        tags=frozenset(tag for _, _, tag in versions if tag),
        unnamed=frozenset((name, str(version)) for name, version, tag in versions if not tag),
        runs=frozenset(run for (run,) in runs),
    )
