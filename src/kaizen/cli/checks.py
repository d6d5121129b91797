"""What ``kaizen doctor`` looks at on the machine and in the files. Nothing is changed."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from kaizen.core import layout as layouts
from kaizen.core import ports
from kaizen.core.errors import KaizenError, unknown
from kaizen.core.extras import EXTRAS
from kaizen.core.paths import Home
from kaizen.packaging import requirements
from kaizen.rollout.processes import MARK

ENOUGH_DISK = 2 * 10**9
"""A training run of digits and its artifacts take a few hundred megabytes."""
NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "afs", "ceph", "gluster")
PORTS = ("router", "zenml", "mlflow", "evidently", "monitor")
"""Names that ``KAIZEN_PORT_<NAME>`` may have."""

State = Literal["ok", "watch", "failed"]


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, and what to do where that is not well."""

    name: str
    state: State
    found: str
    advice: str = ""


def python(running: str, wanted: str) -> Check:
    """Whether version ``running`` is among those that ``wanted`` (``>=3.11,<3.12``) allows."""
    if running in SpecifierSet(wanted):
        return Check("python", "ok", running)
    return Check("python", "failed", f"{running}, expected {wanted}", "`make setup`")


def libraries(lock: str, installed: Mapping[str, str], without: Sequence[str] = ()) -> Check:
    """Whether every package of a lock file's text is installed in its locked version.

    Args:
        without: extras that are not installed: what they alone need may be missing.
    """
    names = [library.distribution for extra in without for library in EXTRAS[extra]]
    spared = requirements.needed_by_these_alone(names, requirements.pins(lock)) if names else set()
    pins = re.findall(r"^[A-Za-z0-9][^\\\n]*==[^\\\n]*", lock, re.MULTILINE)
    locked = [pin for pin in map(Requirement, pins) if pin.marker is None or pin.marker.evaluate()]
    found = {_normal(name): version for name, version in installed.items()}
    wrong = [
        f"{pin.name} is {found.get(_normal(pin.name), 'not installed')}, locked is "
        f"{str(pin.specifier).removeprefix('==')}"
        for pin in locked
        if found.get(_normal(pin.name), "") not in pin.specifier
        and (_normal(pin.name) in found or _normal(pin.name) not in spared)
    ]
    if not locked:
        return Check("libraries", "failed", "requirements.txt locks nothing", "get it from git")
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return Check("libraries", "failed", "; ".join(wrong[:3]) + more, "`make setup`")
    there = sum(_normal(pin.name) in found for pin in locked)
    left_out = f"; not installed: kaizen-loop[{','.join(without)}]" if without else ""
    return Check("libraries", "ok", f"{there} as locked{left_out}")


def git(program: str | None) -> Check:
    """Whether the commit of a run can be recorded; ``program`` is where git was found."""
    if program:
        return Check("git", "ok", program)
    return Check("git", "watch", "not found: runs do not record their commit", "install git")


def folder(root: Path) -> Check:
    """Whether the state folder, or the one it will be made in, takes a file to its disk."""
    name = "state folder"
    if root.exists() and not root.is_dir():
        return Check(name, "failed", f"{root} is a file", "set KAIZEN_HOME to a folder")
    there = existing(root)
    if reason := unwritable(there):
        return Check(name, "failed", f"{there}: {reason}", "make it writable, or set KAIZEN_HOME")
    return Check(name, "ok", f"{root}" if there == root else f"{root}, not there yet")


def spool(events: Path) -> Check:
    """Whether predictions can be written down, in every use case's folder that there is."""
    folders = [events, *(path for path in sorted(events.glob("*")) if path.is_dir())]
    for each in folders:
        if reason := unwritable(existing(each)):
            advice = "make it writable: predictions are answered, and not recorded"
            return Check("event spool", "failed", f"{each}: {reason}", advice)
    return Check("event spool", "ok", "can be written")


def disk(root: Path, free: Callable[[Path], int] | None = None) -> Check:
    """Whether there is room for the next runs; ``free`` tells the bytes left."""
    left = (free or _free)(existing(root))
    found = f"{left / 1e9:,.1f} GB free"
    if left >= ENOUGH_DISK:
        return Check("disk", "ok", found)
    return Check("disk", "watch", found, f"have {ENOUGH_DISK / 1e9:.0f} GB free for the next runs")


def locks(root: Path) -> Check:
    """Whether the file system keeps a lock against a second holder, as SQLite needs it."""
    kind, advice = file_system(root), "set KAIZEN_HOME to a folder on a local disk"
    with tempfile.TemporaryFile(dir=existing(root)) as one:
        try:
            fcntl.lockf(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return Check("locks", "failed", f"{kind} cannot lock: {error.strerror}", advice)
        if not _is_locked(one.fileno()):
            return Check("locks", "failed", f"{kind} gives one lock to two holders", advice)
    if kind.startswith(NETWORK_FILE_SYSTEMS):
        return Check("locks", "watch", f"{kind}: reached over a network", advice)
    return Check("locks", "ok", f"hold on {kind}")


def _is_locked(descriptor: int) -> bool:
    """Whether another opening of the same file, as of another process, is kept out."""
    with Path(f"/proc/self/fd/{descriptor}").open("r+b") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def file_system(root: Path) -> str:
    """The kind of file system that ``root`` is on, or will be: ext4, nfs4."""
    there = existing(root)
    mounts = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    known = [each for each in (there, *there.parents) if str(each) in mounts]
    return mounts[str(known[0])] if known else "an unknown file system"


def layout(home: Home) -> Check:
    """Whether the state folder is one that this kaizen can read; else its stores are not opened."""
    try:
        version = layouts.refuse_later(home)
    except KaizenError as error:
        found, _, advice = str(error).partition(": ")
        return Check("layout", "failed", found, advice)
    if version is None or version.layout == layouts.LAYOUT:
        return Check("layout", "ok", "not there yet" if version is None else f"{layouts.LAYOUT}")
    found = f"{version.layout}, this kaizen knows {layouts.LAYOUT}"
    return Check("layout", "watch", found, "`kaizen down`, then `kaizen status` migrates it")


def fixed_ports(variables: Mapping[str, str], home: Path) -> list[Check]:
    """Whether every port that the user fixed is free, or this home's own."""
    fixed = {name: value for name, value in variables.items() if name.startswith("KAIZEN_PORT_")}
    return [_port(name, value, home) for name, value in sorted(fixed.items())] or [
        Check("ports", "ok", "none is fixed: free ones are taken")
    ]


def _port(variable: str, value: str, home: Path) -> Check:
    name = variable.removeprefix("KAIZEN_PORT_").lower()
    label = f"port {name}"
    if name not in PORTS:
        known = [f"KAIZEN_PORT_{each.upper()}" for each in PORTS]
        found = str(unknown("variable", variable, known))
        return Check(label, "watch", found, f"unset {variable}")
    if not value.isdecimal() or not 0 < int(value) < 65536:
        return Check(label, "failed", f"{variable} is {value!r}", "set it from 1 to 65535")
    if ports.is_free(int(value)):
        return Check(label, "ok", f"{value} is free")
    owner = _listener(int(value))
    if owner and _is_own(owner, name, home):
        return Check(label, "ok", f"{value} is this home's own")
    who = f"{_name(owner)}, pid {owner.pid}" if owner else "a process that cannot be seen"
    return Check(label, "failed", f"{value} is taken by {who}", f"end it, or unset {variable}")


def database(name: str, path: Path, advice: str, seconds: float = 1.0) -> Check:
    """Whether a SQLite file is whole, looked at for ``seconds`` at most."""
    if not path.exists():
        return Check(name, "ok", "not there yet")
    deadline = time.monotonic() + seconds
    try:
        address = f"{path.as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=seconds)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 1_000)
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY):
            return Check(name, "watch", f"not checked to its end: {error}", "ask again later")
        return Check(name, "failed", f"{path}: {error}", advice)
    if fault != "ok" or not tables:
        reason = "it holds no table" if fault == "ok" else fault.splitlines()[-1]
        return Check(name, "failed", f"{path}: {reason}", advice)
    return Check(name, "ok", f"whole, {path.stat().st_size / 1e6:,.1f} MB")


def existing(path: Path) -> Path:
    """``path``, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def unwritable(there: Path) -> str | None:
    """Why no file can be written into a folder, None when one can. It has no name and is gone."""
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"kaizen")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return None


def _free(there: Path) -> int:
    return shutil.disk_usage(there).free


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _listener(port: int) -> psutil.Process | None:
    for connection in psutil.net_connections("tcp"):
        address, listens = connection.laddr, connection.status == psutil.CONN_LISTEN
        if listens and address and address.port == port and connection.pid:
            return psutil.Process(connection.pid)
    return None


def _is_own(process: psutil.Process, name: str, home: Path) -> bool:
    """Whether it is this home's router or interface; a shell hands KAIZEN_HOME to anything."""
    try:
        variables, words = process.environ(), process.cmdline()[1:]
    except (psutil.Error, OSError):
        return False
    router = variables.get(MARK, "").startswith(f"{name}:")
    interface = name != "router" and any(word.startswith(name) for word in words)
    return variables.get("KAIZEN_HOME") == str(home) and (router or interface)


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return "a process"
