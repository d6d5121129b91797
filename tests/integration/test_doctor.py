"""``kaizen doctor`` on a real home whose parts are really broken, one after the other."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.integration

QUICK_S = 5.0
"""Of a processor: the clock on the wall would measure what else the machine does."""


@pytest.fixture(scope="module")
def patient(newcomer) -> Iterator[object]:
    """A machine that serves diabetes."""
    answer = newcomer.kaizen("run", "diabetes")
    assert answer.code == 0, answer.err
    yield newcomer
    newcomer.kaizen("down")


def found(machine, code: int) -> dict[str, dict[str, str]]:
    """The checks by name; the command must end with ``code``."""
    answer = machine.kaizen("doctor", "--json")
    assert answer.code == code, answer.out + answer.err
    assert answer.json["ok"] is (code == 0)
    assert "Traceback" not in answer.err
    return {check["name"]: check for check in answer.json["checks"]}


def failed(machine) -> set[str]:
    """Names of what is broken; something must be."""
    return {name for name, check in found(machine, 1).items() if check["state"] == "failed"}


@contextmanager
def replaced(path: Path, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """A file with other content for a while."""
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        yield
    finally:
        path.write_bytes(before)


def garbled(content: bytes) -> bytes:
    return content[:8192] + os.urandom(len(content) - 8192)


def by_name(machine, start: str) -> psutil.Process:
    """The first process of the home whose mark begins with ``start``."""
    marked = [
        process
        for process in machine.processes()
        if process.environ().get("KAIZEN_SERVICE", "").startswith(start)
    ]
    return min(marked, key=lambda process: process.create_time())


def snapshot(root: Path) -> dict[Path, int]:
    """What lies in a home and when it was changed, without what its servers write meanwhile.

    Nor SQLite's -shm, the memory in which readers of one database find each other.
    """
    own = ("logs", "events", "rollout")
    return {
        path: path.stat().st_mtime_ns
        for path in root.rglob("*")
        if path.relative_to(root).parts[0] not in own and not path.name.endswith("-shm")
    }


def test_a_well_home_is_well_quickly_and_left_as_it_is(patient) -> None:
    before = snapshot(patient.home.root)
    begun = os.times()
    checks = found(patient, 0)
    ended = os.times()
    spent = ended.children_user + ended.children_system
    assert spent - begun.children_user - begun.children_system < QUICK_S
    assert snapshot(patient.home.root) == before
    assert {check["state"] for check in checks.values()} <= {"ok", "watch"}
    assert checks["served diabetes"]["found"] == "v1 answers, the champion"
    assert checks["champion diabetes"]["found"] == "v1"
    assert "router" in checks["processes"]["found"]
    lines = patient.kaizen("doctor").out.splitlines()
    assert len(lines) == len(checks) + 2
    assert lines[-1] == "nothing failed"


def test_before_the_first_run_nothing_is_made(tmp_path: Path, patient) -> None:
    empty = type(patient)(patient.user, type(patient.home)(tmp_path / "state"))
    checks = found(empty, 0)
    assert "not there yet" in checks["state folder"]["found"]
    assert list(tmp_path.iterdir()) == []


def test_a_killed_supervisor(patient) -> None:
    by_name(patient, "supervisor:").kill()
    checks = found(patient, 1)
    assert checks["processes"]["state"] == "failed"
    assert "router" in checks["processes"]["found"]
    assert checks["served diabetes"]["state"] == "ok", "the servers go on"
    assert patient.kaizen("up").code == 0, "what is advised"
    found(patient, 0)


def test_a_server_that_hangs(patient) -> None:
    workers = [by_name(patient, "diabetes-v1")]
    workers += workers[0].children(recursive=True)
    for process in workers:
        process.suspend()
    try:
        assert failed(patient) == {"served diabetes"}
    finally:
        for process in workers:
            process.resume()
    found(patient, 0)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("zenml/stores/default_zen_store/zenml.db", "ZenML store"),
        ("mlflow/mlflow.db", "MLflow store"),
    ],
)
@pytest.mark.parametrize("damage", [garbled, lambda _: b""], ids=["garbled", "empty"])
def test_a_damaged_store(patient, place: str, name: str, damage) -> None:
    path = patient.home.root / place
    with replaced(path, damage):
        assert failed(patient) == {name}
        (line,) = [each for each in patient.kaizen("doctor").out.splitlines() if name in each]
        assert str(path) in line
        assert " → " in line
    found(patient, 0)


def test_a_stolen_port_and_ones_own(patient) -> None:
    with closing(sqlite3.connect(patient.home.rollout / "state.db")) as state:
        ((own,),) = state.execute("SELECT value FROM settings WHERE name = 'router.port'")
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", 0))
        thief.listen()
        stolen = str(thief.getsockname()[1])
        patient.environment = {"KAIZEN_PORT_ROUTER": own, "KAIZEN_PORT_MLFLOW": stolen}
        try:
            checks = found(patient, 1)
        finally:
            patient.environment = {}
    assert checks["port router"]["found"] == f"{own} is this home's own"
    assert checks["port mlflow"]["state"] == "failed"
    assert f"pid {os.getpid()}" in checks["port mlflow"]["found"]


def test_a_home_that_cannot_be_written(patient) -> None:
    nowhere = type(patient)(patient.user, type(patient.home)(Path("/proc/kaizen")))
    broken = failed(nowhere)
    assert {"state folder", "event spool"} <= broken


def test_a_champion_moved_and_one_deleted_behind_kaizens_back(patient) -> None:
    database = patient.home.mlflow / "mlflow.db"

    def alias(statement: str) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(statement)

    with replaced(database, bytes):
        alias("UPDATE registered_model_aliases SET version = 7 WHERE alias = 'champion'")
        assert failed(patient) == {"served diabetes"}
        alias("DELETE FROM registered_model_aliases WHERE alias = 'champion'")
        assert failed(patient) == {"champion diabetes"}


def test_what_was_taken_down_is_to_be_watched(patient) -> None:
    assert patient.kaizen("down").code == 0
    checks = found(patient, 0)
    assert checks["served diabetes"]["state"] == "watch"
    assert "kaizen up" in checks["served diabetes"]["advice"]


def test_a_damaged_record_of_what_is_served_and_the_way_out(patient) -> None:
    """Last: what should be served is forgotten."""
    patient.kaizen("down")
    state = patient.home.rollout / "state.db"
    state.write_bytes(garbled(state.read_bytes()))
    assert failed(patient) == {"served store"}
    status = patient.kaizen("status")
    assert status.code == 1
    assert "kaizen doctor" in status.err
    assert "Traceback" not in status.err
    for path in state.parent.glob("state.db*"):
        path.unlink()
    assert patient.kaizen("down").code == 0
    assert found(patient, 0)["processes"]["found"] == "none runs"
    assert patient.processes() == []
