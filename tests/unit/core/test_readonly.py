"""A look into a database leaves nothing behind, and sees what was committed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kaizen.core import readonly


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM one").fetchone()[0])


def made(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("CREATE TABLE one (a)")
    connection.execute("INSERT INTO one VALUES (1)")
    return connection


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_database_that_nobody_has_open_is_left_as_it_is(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.db"
    made(path, mode).close()
    before = path.read_bytes()
    assert readonly.read(path, count) == 1
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_bytes() == before


def test_what_stands_in_the_log_of_an_open_one_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(made(path, "WAL")) as writer:
        writer.execute("INSERT INTO one VALUES (2)")
        assert readonly.read(path, count) == 2


def test_one_that_is_opened_meanwhile_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    made(path, "WAL").close()
    answers = []

    def ask(connection: sqlite3.Connection) -> int:
        answers.append(count(connection))
        if len(answers) == 1:
            with closing(sqlite3.connect(path)) as other, other:
                other.execute("INSERT INTO one VALUES (2)")
        return count(connection)

    assert readonly.read(path, ask) == 2
    assert len(answers) == 2


def test_nothing_can_be_written_and_damage_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    made(path, "WAL").close()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        readonly.read(path, lambda connection: connection.execute("DELETE FROM one"))
    path.write_bytes(b"damaged " * 500)
    with pytest.raises(sqlite3.DatabaseError):
        readonly.read(path, count)
