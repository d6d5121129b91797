"""Makes ``.venv`` what ``requirements.txt`` says. Safe to repeat, to interrupt and to run twice.

Only the standard library is there yet. The stamp is removed first and written last, so a virtual
environment without a valid one is half-made, moved or copied, and is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
STAMP = VENV / "kaizen.json"
LOCK = ROOT / "requirements.txt"

NO_ENSUREPIP = """\
{python} cannot make virtual environments: its module {module} is missing.
Install it:  Debian 12, as root:  apt-get install python3.11-venv
or name a complete Python 3.11:   make setup PYTHON=/path/to/python3.11"""


class SetupError(Exception):
    """What stopped the set-up, and what to do."""


def main() -> int:
    """Bring ``.venv`` up to date; the exit code."""
    try:
        with only_one() as lock:
            install(lock)
    except SetupError as error:
        print(f"set-up stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up interrupted: make setup begins again", file=sys.stderr)
        return 130
    return 0


@contextmanager
def only_one() -> Iterator[int]:
    """Hold the project's folder against a second set-up; yields the lock's descriptor.

    Children inherit it: after a kill -9 the next set-up waits for a ``uv`` that lives on.
    """
    lock = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another one of this folder is running, waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:  # some network file systems
        say(f"this file system cannot lock ({error.strerror}): do not run two at once")
    try:
        yield lock
    finally:
        os.close(lock)


def install(lock: int) -> None:
    """Do what the stamp says is not done yet."""
    due = wanted()
    done = stamp()
    if done == due:
        say("nothing to do")
        return
    begin = time.monotonic()
    STAMP.unlink(missing_ok=True)
    if done.get("path") != due["path"]:
        create(lock)
    requirements = LOCK.read_text(encoding="utf-8")
    packages = len(re.findall(r"^\S+==", requirements, re.MULTILINE))
    say(f"installing {packages} locked packages (the first time they are downloaded)")
    uv(lock, "sync", "--require-hashes", str(LOCK.relative_to(ROOT)))
    say("installing kaizen itself")
    uv(lock, "install", "--no-deps", "--no-build-isolation", "--reinstall", "--editable", ".")
    write_stamp(due)
    say(f"done in {time.monotonic() - begin:.0f} s")


def wanted() -> dict[str, str]:
    """The stamp of an environment that is here, complete and up to date."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build = [project["build-system"], project["project"], project["tool"]["setuptools"]]
    total = hashlib.sha256(json.dumps(build, sort_keys=True).encode())
    total.update(LOCK.read_bytes())
    return {"path": str(VENV), "content": total.hexdigest()}


def stamp() -> dict[str, str]:
    """The stamp of the environment that is there; empty when it cannot be used as it is."""
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
        settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return {}
    usable = PYTHON.exists() and re.search(r"^version = 3\.11\.", settings, re.MULTILINE)
    return found if usable and isinstance(found, dict) else {}


def write_stamp(content: dict[str, str]) -> None:
    """Write the stamp, whole or not at all."""
    temporary = STAMP.with_suffix(".new")
    temporary.write_text(json.dumps(content), encoding="utf-8")
    temporary.replace(STAMP)


def create(lock: int) -> None:
    """Make an empty ``.venv`` that holds ``uv``, whatever stood there before.

    Raises:
        SetupError: Python's own parts for it are missing, or it failed.
    """
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise SetupError(NO_ENSUREPIP.format(python=sys.executable, module=module))
    say("creating .venv")
    # Not sys.executable: that may be the interpreter of the very .venv that is replaced.
    base = Path(sys.base_prefix) / "bin" / "python3.11"
    run(lock, [str(base), "-I", "-m", "venv", "--clear", str(VENV)], "read what is said above")
    line = re.search(
        r"^uv==.*?(?=^\S|\Z)", LOCK.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    if line is None:
        raise SetupError("requirements.txt does not name uv: it is damaged, get it from git again")
    only_uv = VENV / "uv.txt"
    only_uv.write_text(line.group(), encoding="utf-8")
    command = [str(PYTHON), "-I", "-m", "pip", "install", "--quiet", "--require-hashes"]
    run(lock, [*command, "--requirement", str(only_uv)], NETWORK)


NETWORK = "is the network there, and does pip reach its package index? Then make setup goes on"


def uv(lock: int, *words: str) -> None:
    """``uv pip WORDS`` on ``.venv``.

    Raises:
        SetupError: it failed.
    """
    # On a terminal uv draws bars; in a log its list of 250 packages would bury the rest.
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    command = [str(UV), "pip", words[0], *quiet, "--python", str(PYTHON), *words[1:]]
    run(lock, command, NETWORK)


def run(lock: int, command: Sequence[str], advice: str) -> None:
    """Run ``command`` in the project's root, its output shown.

    Raises:
        SetupError: it failed, with ``advice``.
    """
    foreign = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    done = subprocess.run(command, cwd=ROOT, env=environment, pass_fds=[lock], check=False)
    if done.returncode != 0:
        raise SetupError(f"{Path(command[0]).name} ended with {done.returncode}: {advice}")


def say(text: str) -> None:
    """One line of progress, at once."""
    print(f"set-up: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
