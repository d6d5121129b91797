"""Each check of ``kaizen doctor`` finds what it is for; each fixture is broken in one way."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from repository import PROJECT_ROOT

from kaizen.cli import checks, doctor

LOCK = """\
# made by hand
Foo_Bar==1.2.3 \\
    --hash=sha256:0
    # via nothing
spam[extra]==4.0 \\
    --hash=sha256:1
only-there==9.9 ; sys_platform == 'win32' \\
    --hash=sha256:2
"""


def test_python() -> None:
    assert checks.python("3.11.2", ">=3.11,<3.12").state == "ok"
    wrong = checks.python("3.12.1", ">=3.11,<3.12")
    assert wrong.state == "failed"
    assert "3.12.1" in wrong.found


def test_libraries_as_locked_are_well_whatever_their_spelling() -> None:
    check = checks.libraries(LOCK, {"foo-bar": "1.2.3", "spam": "4.0", "other": "1"})
    assert (check.state, check.found) == ("ok", "2 as locked")


@pytest.mark.parametrize(
    ("installed", "found"),
    [
        ({"foo.bar": "1.2.4", "spam": "4.0"}, "Foo_Bar is 1.2.4, locked is 1.2.3"),
        ({"foo.bar": "1.2.3"}, "spam is not installed, locked is 4.0"),
    ],
)
def test_a_library_that_differs_is_named(installed: dict[str, str], found: str) -> None:
    check = checks.libraries(LOCK, installed)
    assert (check.state, check.found, check.advice) == ("failed", found, "`make setup`")


def test_of_many_libraries_that_differ_a_few_are_named() -> None:
    lock = "".join(f"p{number}==1\n" for number in range(10))
    assert checks.libraries(lock, {}).found.endswith("p2 is not installed, locked is 1, and 7 more")


def test_the_projects_own_lock_is_understood() -> None:
    """Every package it pins is looked for."""
    lock = (PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = sum(line[:1].isalnum() and "==" in line for line in lock.splitlines())
    assert checks.libraries(lock, {}).found.endswith(f"and {pinned - 3} more")
    # setuptools puts its vendored copies at the end of the path: the first of a name counts.
    installed = {each.name: each.version for each in reversed([*metadata.distributions()])}
    assert checks.libraries(lock, installed).state == "ok"


def test_an_extra_that_is_not_installed_is_no_damage() -> None:
    lock = (PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8")
    installed = {each.name: each.version for each in reversed([*metadata.distributions()])}
    bare = {name: v for name, v in installed.items() if name not in ("tensorflow-cpu", "gast")}
    assert checks.libraries(lock, bare).state == "failed"
    check = checks.libraries(lock, bare, ["keras"])
    assert check.state == "ok"
    assert check.found.endswith(" as locked; not installed: kaizen-loop[keras]")
    assert checks.libraries(lock, {**bare, "keras": "1"}, ["keras"]).state == "failed", (
        "not as locked"
    )
    del bare["numpy"]
    wrong = checks.libraries(lock, bare, ["keras"])
    assert wrong.state == "failed"
    assert wrong.found.startswith("numpy is not installed, locked is")


def test_without_git_one_is_told_what_is_lost() -> None:
    assert checks.git("/usr/bin/git").state == "ok"
    assert checks.git(None).state == "watch"


def test_a_folder_is_only_looked_at(tmp_path: Path) -> None:
    home = tmp_path / "not" / "there"
    assert checks.folder(home).found == f"{home}, not there yet"
    assert checks.spool(home / "events").state == "ok"
    assert checks.disk(home).state in ("ok", "watch")
    assert checks.locks(home).state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    check = checks.folder(tmp_path / "home")
    assert check.state == "failed"
    assert "is a file" in check.found


def test_a_folder_that_takes_no_file() -> None:
    for check in (checks.folder(Path("/proc/kaizen")), checks.spool(Path("/proc/events"))):
        assert check.state == "failed", "not even root may write there"
        assert "/proc" in check.found


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in checks.folder(tmp_path).found


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    assert checks.disk(tmp_path, lambda _: 2 * 10**9).state == "ok"
    check = checks.disk(tmp_path, lambda _: 1_940_000_000)
    assert (check.state, check.found) == ("watch", "1.9 GB free")


def test_locks_that_keep_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    check = checks.locks(tmp_path)
    assert check.state == "failed"
    assert "two holders" in check.found


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", no)
    assert "cannot lock: No locks available" in checks.locks(tmp_path).found


def test_a_folder_on_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = [
        SimpleNamespace(mountpoint="/", fstype="ext4"),
        SimpleNamespace(mountpoint=str(tmp_path.parent), fstype="nfs4"),
    ]
    monkeypatch.setattr(checks.psutil, "disk_partitions", lambda **_: mounts)
    check = checks.locks(tmp_path / "home")
    assert (check.state, check.found) == ("watch", "nfs4: reached over a network")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        yield owner.getsockname()[1]


def test_no_port_is_fixed(tmp_path: Path) -> None:
    (check,) = checks.fixed_ports({"PATH": "/bin"}, tmp_path)
    assert check.state == "ok"


def test_a_stolen_port_names_the_thief(taken: int, tmp_path: Path) -> None:
    (check,) = checks.fixed_ports({"KAIZEN_PORT_ROUTER": str(taken)}, tmp_path)
    assert (check.name, check.state) == ("port router", "failed")
    assert f"{taken} is taken by" in check.found
    assert f"pid {os.getpid()}" in check.found


LISTEN = """
import socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("name", "mark", "words", "own"),
    [
        ("router", "router:abc", [], True),
        ("router", "digits-v1-20001:abc", [], False),
        ("router", "", ["router"], False),
        ("mlflow", "", ["mlflow", "server"], True),
        ("zenml", "", ["zenml.zen_server.zen_server_api:app"], True),
        ("zenml", "", ["mlflow"], False),
    ],
)
def test_a_port_of_this_home_is_well(
    name: str, mark: str, words: list[str], own: bool, tmp_path: Path
) -> None:
    variables = {"KAIZEN_HOME": str(tmp_path), "KAIZEN_SERVICE": mark}
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=variables,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        port = owner.stdout.readline().strip()
        fixed = {f"KAIZEN_PORT_{name.upper()}": port}
        (check,) = checks.fixed_ports(fixed, tmp_path)
        (elsewhere,) = checks.fixed_ports(fixed, tmp_path / "other")
        owner.communicate("")
    assert check.state == ("ok" if own else "failed"), check.found
    assert elsewhere.state == "failed"


@pytest.mark.parametrize("value", ["http", "0", "65536", "-1", ""])
def test_a_port_that_is_none(value: str, tmp_path: Path) -> None:
    (check,) = checks.fixed_ports({"KAIZEN_PORT_MLFLOW": value}, tmp_path)
    assert check.state == "failed"
    assert repr(value) in check.found


def test_a_port_of_nothing(tmp_path: Path) -> None:
    (check,) = checks.fixed_ports({"KAIZEN_PORT_ROUTR": "8080"}, tmp_path)
    assert check.state == "watch"
    assert "did you mean 'KAIZEN_PORT_ROUTER'" in check.found


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database of some hundred pages, its path full of what a URI must quote."""
    path = tmp_path / "a b?c#d%e" / "store.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE numbers (number INTEGER, text TEXT)")
        rows = ((number, "x" * 500) for number in range(1000))
        connection.executemany("INSERT INTO numbers VALUES (?, ?)", rows)
        connection.execute("CREATE INDEX by_number ON numbers (number)")
    return path


def test_a_whole_database(database: Path) -> None:
    before = database.read_bytes()
    check = checks.database("store", database, "put a copy back")
    assert (check.state, check.found, check.advice) == ("ok", "whole, 0.6 MB", "")
    assert database.read_bytes() == before
    assert list(database.parent.iterdir()) == [database]


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert checks.database("store", tmp_path / "store.db", "").state == "ok"
    assert list(tmp_path.iterdir()) == []


def garbled(content: bytes) -> bytes:
    return content[:100_000] + os.urandom(40_000) + content[140_000:]


@pytest.mark.parametrize(
    "damage",
    [garbled, lambda content: content[:50_000], lambda _: b"", lambda content: b"x" * len(content)],
    ids=["garbled", "cut off", "empty", "another file"],
)
def test_a_damaged_database(database: Path, damage) -> None:
    database.write_bytes(damage(database.read_bytes()))
    check = checks.database("store", database, "put a copy back")
    assert check.state == "failed"
    assert str(database) in check.found
    assert "\n" not in check.found
    assert check.advice == "put a copy back"


def test_a_database_in_use_or_too_large_is_not_called_damaged(database: Path) -> None:
    assert checks.database("store", database, "", seconds=0.0).state == "watch"
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert checks.database("store", database, "", seconds=0.1).state == "watch"


def test_a_check_that_breaks_is_a_finding() -> None:
    def broken() -> list[checks.Check]:
        raise RuntimeError("two\nlines")

    (check,) = doctor._guarded("thing", broken)
    assert (check.name, check.state) == ("thing", "failed")
    assert check.found == "cannot be checked: RuntimeError: two lines"
