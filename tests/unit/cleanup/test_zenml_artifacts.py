"""Which artifact folders ZenML's record knows, on a record made by hand."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from kaizen.cleanup import zenml_artifacts
from kaizen.core.paths import Home

STORE = str(uuid4())
OLD = time.time() - 1000


def folder(home: Home, step: str = "train", leaf: str = "0a1b2c3d") -> Path:
    made = home.zenml / "stores" / STORE / step / "model" / str(uuid4()) / leaf
    made.mkdir(parents=True)
    (made / "data.json").write_text("123")
    for path in (made / "data.json", made, made.parent):
        os.utime(path, (OLD, OLD))
    return made


def record(home: Home, *addresses: str) -> None:
    path = home.zenml / "stores" / "default_zen_store" / "zenml.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE artifact_version (uri TEXT)")
        connection.execute("CREATE TABLE artifact_visualization (uri TEXT)")
        rows = [(address,) for address in addresses]
        connection.executemany("INSERT INTO artifact_version VALUES (?)", rows)


def test_only_what_no_version_points_to_is_found(other_home: Home) -> None:
    known, inside, above, orphan = (folder(other_home) for _ in range(4))
    record(other_home, str(known), f"{inside}/part", str(above.parent))
    found = zenml_artifacts.find(other_home, time.time())
    assert found.paths == (orphan.parent,)
    assert found.bytes == 3


def test_of_an_output_that_was_written_twice_the_known_one_stays(other_home: Home) -> None:
    known = folder(other_home)
    other = known.with_name("99999999")
    other.mkdir()
    os.utime(other, (OLD, OLD))
    record(other_home, str(known))
    assert zenml_artifacts.find(other_home, time.time()).paths == (other,)


def test_in_a_home_that_was_moved_what_is_known_stays_known(other_home: Home) -> None:
    known, orphan = folder(other_home), folder(other_home)
    record(other_home, f"/elsewhere/{known.relative_to(other_home.root)}")
    assert zenml_artifacts.find(other_home, time.time()).paths == (orphan.parent,)


def test_what_is_young_and_what_is_no_output_of_a_step_stays(other_home: Home) -> None:
    young = folder(other_home)
    (young / "more").write_text("now")
    folder(other_home, leaf="preview")
    logs = other_home.zenml / "stores" / STORE / "logs"
    logs.mkdir()
    (logs / "step.log").touch()
    record(other_home)
    assert zenml_artifacts.find(other_home, OLD + 500).paths == ()


def test_without_its_own_database_nothing_is_touched(
    other_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(other_home)
    assert zenml_artifacts.find(other_home, time.time()).why.startswith("left alone")
    record(other_home)
    config = other_home.zenml / "config" / "config.yaml"
    config.parent.mkdir()
    config.write_text("store: {url: 'mysql://db/zenml'}")
    assert zenml_artifacts.find(other_home, time.time()).paths == ()
    config.write_text("store: {url: 'sqlite:////x/stores/default_zen_store/zenml.db'}")
    assert len(zenml_artifacts.find(other_home, time.time()).paths) == 1
    monkeypatch.setenv("ZENML_STORE_URL", "mysql://db/zenml")
    assert zenml_artifacts.find(other_home, time.time()).paths == ()


def test_a_damaged_database_is_an_error(other_home: Home) -> None:
    folder(other_home)
    path = other_home.zenml / "stores" / "default_zen_store" / "zenml.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database at all, but long enough to be looked at" * 40)
    with pytest.raises(sqlite3.DatabaseError):
        zenml_artifacts.find(other_home, time.time())
