"""A home that an earlier kaizen has made, packed as test data, and how it gets to another place.

Databases and a few text files in a home name it, and the project, in full. Packed, both have the
neutral paths below; whoever unpacks has them rewritten everywhere, as if the home had been made
where it lies then: in every text of every SQLite table, and in every other file.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repository import PROJECT_ROOT

from kaizen.core.paths import Home

FOLDER = Path(__file__).resolve().parent.parent / "homes"
PACKED_PROJECT = "/srv/kaizen"
PACKED_HOME = "/srv/kaizen/.kaizen"
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class OldHome:
    """An unpacked home, and what is known of it: see ``tests/homes/make_layout_1.py``."""

    home: Home
    facts: dict[str, Any]


def unpack(name: str, target: Path) -> OldHome:
    """The home ``tests/homes/NAME.tar.xz`` at ``target``, whose path is free of spaces."""
    if " " in str(target):
        raise ValueError(f"{target}: a space would have to be quoted in the URIs of MLflow")
    with tarfile.open(FOLDER / f"{name}.tar.xz") as archive:
        archive.extractall(target, filter="data")
    relocate(target, {PACKED_HOME: str(target), PACKED_PROJECT: str(PROJECT_ROOT)})
    facts = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return OldHome(Home(target), facts)


def contents(folder: Path) -> dict[str, str]:
    """Files by their path to what is in them; a database's are its rows."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith((".lock", "-wal", "-shm")):
            rows = "\n".join(dump(path)) if path.suffix == ".db" else ""
            data = rows.encode() if rows else path.read_bytes()
            found[str(path.relative_to(folder))] = hashlib.sha256(data).hexdigest()
    return found


def dump(database: Path) -> list[str]:
    """A database as statements."""
    with closing(sqlite3.connect(database)) as opened:
        return list(opened.iterdump())


def relocate(folder: Path, paths: dict[str, str]) -> None:
    """Rewrite ``paths``, the longest first, in everything below ``folder``."""
    ordered = sorted(paths.items(), key=lambda pair: -len(pair[0]))
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
        if head == _SQLITE:
            _rewrite_database(path, ordered)
            continue
        before = content = path.read_bytes()
        for old, new in ordered:
            content = content.replace(old.encode(), new.encode())
        if content != before:
            path.write_bytes(content)


def _rewrite_database(path: Path, ordered: list[tuple[str, str]]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("BEGIN IMMEDIATE")
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        for (table,) in tables:
            columns = database.execute(f'PRAGMA table_info("{table}")').fetchall()
            for column in (row[1] for row in columns):
                where = f'typeof("{column}") = \'text\' AND instr("{column}", ?)'
                change = f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?)'  # noqa: S608
                for old, new in ordered:
                    database.execute(f"{change} WHERE {where}", (old, new, old))
        database.execute("COMMIT")
