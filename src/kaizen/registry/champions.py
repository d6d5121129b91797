"""The champions as MLflow's database names them, read without MLflow.

Importing MLflow takes seconds, and its store makes what it does not find; a look at what is there
needs neither. The tables are MLflow's own: a test compares this with what MLflow says.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from kaizen.core.results import Record

_QUERY = """
SELECT models.name, aliases.version, tags.value FROM registered_models AS models
LEFT JOIN registered_model_aliases AS aliases
    ON aliases.name = models.name AND aliases.alias = 'champion'
LEFT JOIN registered_model_tags AS tags ON tags.name = models.name AND tags.key = 'champion'
"""


class Champion(Record):
    """What the registry says of one use case.

    Attributes:
        version: the champion, None where there is none.
        promoted: the version that was made champion last, None where there never was one.
    """

    version: str | None
    promoted: str | None

    @property
    def lost(self) -> str | None:
        """The champion that was deleted behind kaizen's back, else None."""
        return self.promoted if self.version is None else None


def read(database: Path) -> dict[str, Champion]:
    """The champion of every registered model by name; empty where there is no database.

    Raises:
        sqlite3.Error: it is damaged, busy, or not MLflow's.
    """
    if not database.exists():
        return {}
    address = f"{database.as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=1.0)) as connection:
        rows = connection.execute(_QUERY).fetchall()
    return {
        name: Champion(version=None if version is None else str(version), promoted=promoted)
        for name, version, promoted in rows
    }
