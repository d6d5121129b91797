"""Which Bentos are surely unused, on a registry and a record of what is served made by hand."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from kaizen.cleanup import bentos
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.rollout.state import Desired, Placed, State

RUN = "f" * 32


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def bento(home: Home, name: str, run: str = RUN, usecase: str = "digits") -> Path:
    path = home.bentoml / "bentos" / "digits" / name
    (path / "src").mkdir(parents=True)
    version = name.partition("-")[0]
    about = {"usecase": usecase, "model_version": version, "mlflow_run": run}
    (path / "src" / "metadata.json").write_text(json.dumps(about))
    return path


def registry(home: Home, versions: Mapping[int, str], deleted: Mapping[int, str]) -> None:
    """Version to the Bento that it names, "" for none."""
    home.mlflow.mkdir(parents=True)
    with closing(sqlite3.connect(home.mlflow / "mlflow.db")) as connection, connection:
        connection.execute("CREATE TABLE runs (run_uuid TEXT)")
        connection.execute("INSERT INTO runs VALUES (?)", (RUN,))
        connection.execute("CREATE TABLE model_versions (name, version INTEGER, current_stage)")
        connection.execute("CREATE TABLE model_version_tags (name, version, key, value)")
        for known, stage in ((versions, "None"), (deleted, "Deleted_Internal")):
            for version, tag in known.items():
                row = ("digits", version, stage)
                connection.execute("INSERT INTO model_versions VALUES (?, ?, ?)", row)
                if tag:
                    pair = ("digits", version, "bento", tag)
                    connection.execute("INSERT INTO model_version_tags VALUES (?, ?, ?, ?)", pair)


def release(version: str, name: str) -> Release:
    return Release(usecase="digits", version=version, tag=f"digits:{name}", digest="", path="")


def find(home: Home, *, at_work: bool = False) -> list[str]:
    found = bentos.find(home, time.time() + 1, at_work=at_work)
    return [path.name for path in found.paths]


A, B, C, D, E = (f"{digit}" * 12 for digit in "abcde")


def test_a_version_keeps_the_bento_it_names_and_a_deleted_one_keeps_none(other_home: Home) -> None:
    for name in (f"1-{A}", f"1-{B}", f"2-{C}", f"3-{D}"):
        bento(other_home, name)
    registry(other_home, {1: f"digits:1-{A}", 3: ""}, deleted={2: f"digits:2-{C}"})
    assert find(other_home) == [f"1-{B}", f"2-{C}"]


def test_what_is_served_and_the_ways_back_are_kept(other_home: Home) -> None:
    for name in (f"1-{A}", f"2-{B}", f"3-{C}", f"4-{D}"):
        bento(other_home, name)
    registry(other_home, {}, deleted={})
    placed = Placed(release=release("1", f"1-{A}"), weight=100, port=1, slot="blue", service="s")
    earlier = placed.model_copy(update={"release": release("3", f"3-{C}")})
    with State(other_home) as state:
        state.want(Desired(usecase="digits", releases=(earlier,), workers=1), "serve", "then")
        now = Desired(
            usecase="digits", releases=(placed,), workers=1, previous=(release("2", f"2-{B}"),)
        )
        state.want(now, "serve", "now")
        state.remember("a table of later", f"the folder {other_home.bentoml}/bentos/digits/4-{D}")
    assert find(other_home) == [f"3-{C}"]


def test_what_is_not_surely_of_this_registry_is_left_alone(other_home: Home) -> None:
    bento(other_home, f"1-{A}", run="another registry's run")
    bento(other_home, f"2-{B}", usecase="another")
    bento(other_home, "k7ojjqvbmsuzqaav")
    (bento(other_home, f"3-{C}") / "src" / "metadata.json").unlink()
    registry(other_home, {}, deleted={})
    assert find(other_home) == []


def test_without_a_registry_and_while_somebody_works_nothing_is_touched(
    other_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    bento(other_home, f"1-{A}")
    assert find(other_home) == []
    registry(other_home, {}, deleted={})
    assert find(other_home, at_work=True) == []
    assert find(other_home) == [f"1-{A}"]
    assert bentos.find(other_home, time.time() - 60, at_work=False).paths == ()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
    assert find(other_home) == []
