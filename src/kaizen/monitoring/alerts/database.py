"""The database of alerts: one small file in the home, each change one durable transaction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from kaizen.core import database
from kaizen.core.paths import Home

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE alerts (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, usecase TEXT NOT NULL,
    open INTEGER NOT NULL, due INTEGER NOT NULL, document TEXT NOT NULL
);
CREATE TABLE history (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, alert TEXT NOT NULL, what TEXT NOT NULL
);
CREATE INDEX history_of ON history (alert);
CREATE TABLE tracks (
    usecase TEXT, version TEXT, rule TEXT, document TEXT NOT NULL,
    PRIMARY KEY (usecase, version, rule)
);
CREATE TABLE judged (
    usecase TEXT, version TEXT, window TEXT, at REAL NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (usecase, version, window)
);
CREATE INDEX judged_at ON judged (usecase, at);
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, usecase TEXT NOT NULL, channel TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, sent REAL, error TEXT NOT NULL DEFAULT '',
    document TEXT NOT NULL, UNIQUE (id, channel)
);
CREATE INDEX unsent ON outbox (usecase, channel) WHERE sent IS NULL;
CREATE TABLE channels (
    usecase TEXT, channel TEXT, failures INTEGER NOT NULL, retry REAL NOT NULL,
    PRIMARY KEY (usecase, channel)
);
CREATE TABLE settings (usecase TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (usecase, name));
"""
_Document = TypeVar("_Document", bound=BaseModel)


def path(home: Home) -> Path:
    """The path of the database."""
    return home.monitoring / "alerts" / "alerts.db"


class Database(database.Database):
    """The database of alerts in one home."""

    def __init__(self, home: Home) -> None:
        super().__init__(path(home), _SCHEMA, SCHEMA_VERSION)


def read(kind: type[_Document], document: str) -> _Document:
    """Parse a record that was written as JSON."""
    return kind.model_validate(json.loads(document))
