"""Makes a project: all of its files or none, and nothing that is there is overwritten.

Everything is written into a hidden folder beside its place first. Where the project's folder is
new, one rename puts it there. Where it is there already, its files and folders are moved in one by
one, ``pyproject.toml`` last; killed in between, the next ``kaizen init`` goes on from there.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from string import Template

from kaizen._version import __version__
from kaizen.cli import project_files
from kaizen.core import atomic, project
from kaizen.core.errors import KaizenError, UsageError

TEMPLATES = Path(__file__).parent / "templates" / "project"
SUFFIX = ".tmpl"
ELSEWHERE = {
    "gitignore": ".gitignore",
    "package.py": "usecases/__init__.py",
    "conftest.py": "tests/conftest.py",
    "test_project.py": "tests/test_project.py",
}
"""Templates whose files do not lie in the root by the same name."""
STAGE = ".kaizen-init-"
READY = f"{STAGE}ready"
"""Holds what is still to be moved into a folder that was there before."""


def make(folder: Path) -> list[str]:
    """Write a project into ``folder``, which may be there; its files, relative to it.

    Raises:
        UsageError: it is one already, lies in one or holds one, or a name in it is taken.
        KaizenError: a file cannot be written; none is left then.
    """
    place = folder.resolve()
    base = next(each for each in (place, *place.parents) if each.exists())
    if not base.is_dir():
        raise UsageError(f"{base} is a file: expected a folder for the project")
    try:
        with _alone(base):
            _refuse_nesting(place)
            files = contents(place.name)
            ready = place / READY
            begun = ready.is_dir()  # by one that was killed
            _refuse_taken(
                folder, (path.name for path in ready.iterdir()) if begun else _tops(files)
            )
            if not begun:
                ready = _staged(base, place, files)
            _move(ready, place if ready.parent == place else base, undo=not begun)
    except OSError as error:
        raise KaizenError(f"cannot make a project in {place}: {error}") from error
    return sorted(files)


def contents(name: str) -> dict[str, bytes]:
    """Every file of a new project in a folder ``name``, by its path."""
    own = project_files.contents()
    digests = {path: project_files.digest(content) for path, content in own.items()}
    words = {
        "title": name or "Project",
        "name": re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "project",
        "version": __version__,
        "format": str(project.FORMAT),
    }
    written = {}
    for template in sorted(TEMPLATES.glob(f"*{SUFFIX}")):
        text = Template(template.read_text(encoding="utf-8")).substitute(words)
        target = template.name.removesuffix(SUFFIX)
        written[ELSEWHERE.get(target, target)] = text.encode()
    lock = project_files.Taken(__version__, digests).dump()
    return {**own, **written, project_files.LOCK: lock}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No second ``kaizen init`` works in ``folder``; what a killed one left is removed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in folder.glob(f"{STAGE}*"):
            if left.name != READY:
                shutil.rmtree(left)
        yield
    except BlockingIOError:
        raise KaizenError(f"another `kaizen init` is at work in {folder}: try again") from None
    finally:
        os.close(descriptor)


def _refuse_nesting(place: Path) -> None:
    around = project.around(place)
    if around[:1] == [place]:
        raise UsageError(
            f"{place} is a kaizen project already: `kaizen init --update` shows what has changed "
            "in kaizen's own files since"
        )
    below = [each.parent for each in sorted(place.glob(f"[!.]*/{project.FILE}"))]
    inside = [each for each in below if project.around(each)[:1] == [each]]
    relation = [f"lies in the kaizen project {each}" for each in around]
    relation += [f"holds the kaizen project {each}" for each in inside]
    if relation:
        raise UsageError(
            f"{place} {relation[0]}, and no project lies in another: name a folder outside of it"
        )


def _refuse_taken(folder: Path, names: Iterable[str]) -> None:
    taken = [name for name in sorted(names) if os.path.lexists(folder / name)]
    if taken:
        raise UsageError(
            f"{folder.resolve() / taken[0]} is there already and stays as it is: "
            f"`kaizen init {shlex.quote(str(folder / 'ml'))}` makes a folder of its own for it"
        )


def _tops(files: Iterable[str]) -> set[str]:
    return {PurePosixPath(path).parts[0] for path in files}


def _staged(base: Path, place: Path, files: Mapping[str, bytes]) -> Path:
    """A folder on the project's disk that holds what is to be moved to ``base``, whole."""
    stage = Path(tempfile.mkdtemp(dir=base, prefix=STAGE))
    try:
        root = stage / place.relative_to(base)
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            with (root / path).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for each in (stage, *(path for path in stage.rglob("*") if path.is_dir())):
            atomic.sync_folder(each)
        if place != base:
            return stage
        return stage.rename(base / READY)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise


def _move(ready: Path, target: Path, *, undo: bool) -> None:
    """Everything in ``ready`` to ``target``, what makes it a project last; or back, if asked."""
    moved: list[Path] = []
    try:
        for path in sorted(ready.iterdir(), key=lambda each: (each.name == project.FILE, each)):
            path.rename(target / path.name)
            moved.append(target / path.name)
        ready.rmdir()
        atomic.sync_folder(target)
    except BaseException:
        for path in moved if undo else ():
            path.rename(ready / path.name)
        if undo:
            shutil.rmtree(ready, ignore_errors=True)
        raise
