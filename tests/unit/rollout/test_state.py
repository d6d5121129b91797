"""Desired state on disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.rollout import state as state_module
from kaizen.rollout.state import ROLLOUT, Desired, Placed, Process, Service, State


def desired(version: str, usecase: str = "digits") -> Desired:
    release = Release(
        usecase=usecase, version=version, tag=f"{usecase}:{version}", digest="", path=""
    )
    placed = Placed(release=release, weight=100, port=20000, slot="blue", service="s")
    return Desired(usecase=usecase, releases=(placed,), workers=2)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_reading_a_fresh_home_writes_nothing(home: Home) -> None:
    with State(home) as state:
        assert (state.desired(), state.services(), state.processes(), state.history()) == (
            {}, {}, {}, [],
        )  # fmt: skip
        assert state.setting("router.port") is None
    assert not home.root.exists()


def test_what_is_wanted_is_there_for_the_next_process(home: Home) -> None:
    with State(home) as state:
        state.want(desired("1"), "serve", "first")
        state.want(desired("2"), "serve", "better")
        state.want(desired("1", "churn"), "serve", "first")
        state.remember("router.port", "8080")
    with State(home) as state:
        assert state.desired() == {"digits": desired("2"), "churn": desired("1", "churn")}
        assert [(line.what, line.why) for line in state.history("digits")] == [
            ("serve", "first"),
            ("serve", "better"),
        ]
        assert state.setting("router.port") == "8080"
        state.forget("digits", "undo", "broken")
        assert list(state.desired()) == ["churn"]
        assert state.history()[-1].what == "undo"


def test_a_service_asked_for_again_has_no_past(home: Home) -> None:
    service = Service(name="s", command=("a",), environment={}, folder="", log="")
    with State(home) as state:
        state.keep(service)
        state.saw(Process(name="s", exits=3))
        assert state.processes()["s"].exits == 3
        state.keep(service)
        assert state.processes() == {}
        state.release(["s"])
        assert state.services() == {}


def test_a_change_by_another_is_noticed(home: Home) -> None:
    with State(home) as mine, State(home) as other:
        mine.remember("a", "1")
        before = mine.revision()
        mine.remember("a", "2")
        assert mine.revision() == before, "its own change is none"
        other.remember("a", "3")
        assert mine.revision() != before


def test_only_this_user_may_look(home: Home) -> None:
    with State(home) as state:
        state.remember("a", "1")
    assert home.rollout.stat().st_mode & 0o077 == 0


def test_a_change_is_whole_or_absent(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with State(home) as state:
        state.want(desired("1"), "serve", "first")
        monkeypatch.setattr(State, "_note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            state.want(desired("2"), "serve", "second")
        assert state.desired()["digits"] == desired("1")


def test_durable(home: Home) -> None:
    with State(home) as state:
        state.remember("a", "1")
        connection = state._connection
        assert connection is not None
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_of_a_newer_kaizen_is_left_alone(home: Home) -> None:
    with State(home) as state:
        state.remember("a", "1")
    connection = sqlite3.connect(home.rollout / "state.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with State(home) as state, pytest.raises(KaizenError, match=r"schema 99.*newer kaizen"):
        state.desired()


def test_a_damaged_database_is_named(home: Home) -> None:
    home.rollout.mkdir(parents=True)
    (home.rollout / "state.db").write_bytes(b"not a database" * 100)
    with State(home) as state, pytest.raises(KaizenError, match=r"cannot open .*state\.db"):
        state.desired()


def test_the_main_release_has_the_largest_share() -> None:
    one = desired("1")
    canary = desired("2").main.model_copy(update={"weight": 10})
    pair = one.model_copy(update={"releases": (canary, one.main.model_copy(update={"weight": 90}))})
    assert pair.main.release.version == "1"


SCHEMA_1 = """
CREATE TABLE desired (usecase TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE history (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, usecase TEXT NOT NULL,
    what TEXT NOT NULL, why TEXT NOT NULL, document TEXT
);
CREATE TABLE services (name TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE processes (name TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO services VALUES ('router', '{"name": "router", "command": ["caddy"],
    "environment": {"A": "1"}, "folder": "/f", "log": "/l"}');
INSERT INTO settings VALUES ('router.port', '8080');
PRAGMA user_version = 1;
"""
"""As a kaizen wrote it that knew no owners."""


def test_a_database_without_owners_is_upgraded_when_it_is_opened(home: Home) -> None:
    home.rollout.mkdir(parents=True)
    with closing(sqlite3.connect(home.rollout / "state.db")) as old:
        old.executescript(SCHEMA_1)
    foreign = Service(name="s", command=("a",), environment={}, folder="", log="", owner="tests")
    with State(home) as state, State(home) as another:
        assert state.services()["router"].owner == ROLLOUT
        assert another.services()["router"].command == ("caddy",), "upgraded once"
        state.keep(foreign)
        assert another.services(ROLLOUT).keys() == {"router"}
        assert another.services("tests") == {"s": foreign}
        assert another.setting("router.port") == "8080"
    with closing(sqlite3.connect(home.rollout / "state.db")) as now:
        assert now.execute("PRAGMA user_version").fetchone() == (2,)


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.rollout.mkdir(parents=True)
    with closing(sqlite3.connect(home.rollout / "state.db")) as old:
        old.executescript(SCHEMA_1)
    broken = {1: state_module._UPGRADES[1] + "; DROP TABLE absent"}
    monkeypatch.setattr(state_module, "_UPGRADES", broken)
    with State(home) as state, pytest.raises(KaizenError, match=r"cannot open .*no such table"):
        state.services()
    monkeypatch.undo()
    with State(home) as state:
        assert state.services()["router"].owner == ROLLOUT
