"""An installation without some extras, made in a moment: this one's libraries, less theirs.

A virtual environment whose files are links to this one's. What an extra alone brings is left out
with its metadata, as the lock tells: no library of it can be imported, found or listed there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name
from repository import PROJECT_ROOT

from kaizen.core.extras import EXTRAS
from kaizen.packaging import requirements


def left_out(extras: Sequence[str]) -> set[str]:
    """The distributions of the lock that ``extras`` alone bring, by their normalised names."""
    lock = requirements.pins((PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8"))
    names = [library.distribution for extra in extras for library in EXTRAS[extra]]
    return requirements.needed_by_these_alone(names, lock)


def installation(folder: Path, extras: Sequence[str] = tuple(EXTRAS)) -> Path:
    """The Python of a new virtual environment in ``folder`` that lacks ``extras``."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    here = Path(sysconfig.get_path("purelib"))
    there = folder / here.relative_to(sys.prefix)
    gone = _entries(here, left_out(extras))
    # Not symbolic ones: ZenML follows those into this repository, and takes them for its modules.
    shutil.copytree(
        here, there, ignore=lambda at, _: gone if at == str(here) else (), copy_function=_link,
        dirs_exist_ok=True,
    )  # fmt: skip
    python = folder / "bin" / "python"
    for script in Path(sys.executable).parent.iterdir():
        if not (python.parent / script.name).exists() and not script.is_symlink():
            _copy(script, python)
    return python


def _entries(site: Path, distributions: set[str]) -> set[str]:
    """The files and folders at the top of ``site`` that nothing but ``distributions`` has put."""
    owners: dict[str, set[str]] = defaultdict(set)
    for each in metadata.distributions(path=[str(site)]):
        name = str(canonicalize_name(each.name))
        for line in (each.read_text("RECORD") or "").splitlines():
            owners[line.partition("/")[0].strip('"')].add(name)
    return {entry for entry, names in owners.items() if names <= distributions}


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _copy(script: Path, python: Path) -> None:
    """A console script, for the other Python; a program as it is."""
    content = script.read_bytes()
    first, _, rest = content.partition(b"\n")
    if first.startswith(b"#!") and b"python" in first:
        content = b"#!" + os.fsencode(python) + b"\n" + rest
    (python.parent / script.name).write_bytes(content)
    (python.parent / script.name).chmod(0o755)
