"""The store on this machine: its settings, its durability, and migrations only where needed."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from pathlib import Path

import pytest
import zenml as package
from zenml.client import Client
from zenml.zen_stores.sql_zen_store import SqlZenStore

from kaizen.core.paths import Home
from kaizen.orchestration import local_store

pytestmark = pytest.mark.usefixtures("zenml")


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1)]
)
def test_each_connection_is_set(pragma: str, value: object) -> None:
    engine = Client().zen_store.engine
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_what_was_committed_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    pid = os.fork()
    if pid == 0:
        connection = sqlite3.connect(path)
        local_store._set(connection, None)
        connection.execute("CREATE TABLE done (step TEXT)")
        connection.execute("INSERT INTO done VALUES ('train')")
        connection.commit()
        connection.execute("INSERT INTO done VALUES ('never committed')")
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert (tmp_path / "one.db-wal").stat().st_size > 0
    assert sqlite3.connect(path).execute("SELECT step FROM done").fetchall() == [("train",)]


@pytest.fixture
def opened(home: Home, monkeypatch) -> list[str]:
    """Opens the store of this home anew; what it did is in the list."""
    from zenml.config.global_config import GlobalConfiguration

    did: list[str] = []
    config = GlobalConfiguration()
    monkeypatch.setattr(SqlZenStore, "migrate_database", lambda self: did.append("migrated"))
    monkeypatch.setitem(config.__pydantic_private__, "_zen_store", None)
    return did


def test_a_known_store_is_opened_without_looking_for_migrations(home, opened) -> None:
    note = home.zenml / "migrated"
    assert note.read_text().startswith(f"{package.__version__} ")
    local_store.start(home)
    assert opened == []
    assert "ZENML_DISABLE_DATABASE_MIGRATION" not in os.environ


@pytest.mark.parametrize("text", ["0.97.0 0.97.0", ""])
def test_a_store_of_another_version_is_migrated_and_noted(home, opened, text: str) -> None:
    note = home.zenml / "migrated"
    known = note.read_text()
    note.write_text(text)
    local_store.start(home)
    assert opened == ["migrated"]
    assert note.read_text() == known


def test_one_at_a_time_may_make_a_new_home(other_home: Home) -> None:
    order: list[str] = []

    def second() -> None:
        with local_store.alone(other_home):
            order.append("second")

    with local_store.alone(other_home):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
