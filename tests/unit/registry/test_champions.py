"""The light reading of MLflow's database says what MLflow itself says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kaizen.core.paths import Home
from kaizen.registry import champions, store, versions
from kaizen.registry.champions import Champion

Register = Callable[..., str]


def test_it_says_what_mlflow_says(name: str, register: Register, home: Home) -> None:
    def read() -> Champion:
        found = champions.read(home.mlflow / "mlflow.db")[name]
        said = versions.champion(name)
        assert found.version == (said and said.version)
        assert found.lost == versions.lost_champion(name)
        return found

    register(1.0)
    assert read() == Champion(version=None, promoted=None)
    versions.promote(name, "1")
    versions.promote(name, register(0.4))
    assert read() == Champion(version="2", promoted="2")
    store.client().delete_model_version(name, "2")
    assert read().lost == "2"


def test_no_database_is_no_champion_and_is_not_made(tmp_path: Path) -> None:
    assert champions.read(tmp_path / "mlflow.db") == {}
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_mlflows_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"not a database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        champions.read(tmp_path / "mlflow.db")
