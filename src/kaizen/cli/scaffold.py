"""Writes a new use case from templates: all of its files or none."""

from __future__ import annotations

import keyword
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from string import Template

from kaizen.core.errors import KaizenError, UsageError, unknown
from kaizen.core.project import Project, current

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".tmpl"
LONGEST = 30
RESERVED = ("env", "name", "test")
ELSEWHERE = {"config.yaml": "configs/{name}.yaml", "test.py": "tests/unit/usecases/test_{name}.py"}
"""Files that do not go to the use case's own folder. The configuration is what makes a use case
known, so its file is moved last."""


def kinds() -> list[str]:
    """Every kind of use case there are templates for."""
    return sorted(path.parent.name for path in TEMPLATES.glob(f"*/model.py{SUFFIX}"))


def check(name: str, kind: str, project: Project | None = None) -> None:
    """Whether ``name`` can be given to a new use case.

    Raises:
        UsageError: the kind is unknown, or the name is taken or cannot be a name.
    """
    if kind not in kinds():
        raise unknown("kind of use case", kind, kinds())
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or len(name) > LONGEST:
        raise UsageError(
            f"{name!r} cannot name a use case: expected a small letter, then small letters, "
            f"digits and underscores, at most {LONGEST} in all, for example "
            f"{_mended(name)!r}"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in RESERVED:
        raise UsageError(f"{name!r} is reserved: take another name, for example 'my_{name}'")
    project = project or current()
    if project.configs.is_dir() and name in project.usecases():
        raise UsageError(f"there is a use case {name!r} already: take another name")
    homes = [f"usecases/{name}", f"usecases/{name}.py", *_elsewhere(name).values()]
    if taken := [path for path in homes if (project.root / path).exists()]:
        raise UsageError(f"{taken[0]} is there already: take another name, or remove it")


def write(name: str, kind: str, project: Project | None = None) -> list[Path]:
    """Write the use case into the project and return its files, relative to its root.

    Raises:
        UsageError: as :func:`check`.
        KaizenError: a file cannot be written; none is left then.
    """
    project = project or current()
    check(name, kind, project)
    root = project.root
    words = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "camel": "".join(part.capitalize() for part in name.split("_")),
    }
    moved: list[Path] = []
    try:
        (root / "usecases").mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root / "usecases", prefix=".new-") as folder:
            fresh = Path(folder)
            for template in sorted((TEMPLATES / kind).glob(f"*{SUFFIX}")):
                text = Template(template.read_text(encoding="utf-8")).substitute(words)
                (fresh / template.name.removesuffix(SUFFIX)).write_text(text, encoding="utf-8")
            own = fresh / "own"
            own.mkdir()
            for path in sorted(fresh.glob("*.*")):
                if path.name not in ELSEWHERE:
                    path.rename(own / path.name)
            moves = {"own": f"usecases/{name}", **dict(reversed(_elsewhere(name).items()))}
            for source, target in moves.items():
                (root / target).parent.mkdir(parents=True, exist_ok=True)
                (fresh / source).rename(root / target)
                moved.append(root / target)
    except BaseException as error:
        _remove(moved)
        if isinstance(error, OSError):
            raise KaizenError(f"cannot write use case {name!r}: {error}") from error
        raise
    return [path.relative_to(root) for path in _files(moved)]


def _elsewhere(name: str) -> dict[str, str]:
    return {source: target.format(name=name) for source, target in ELSEWHERE.items()}


def _mended(name: str) -> str:
    words = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_0123456789")[:LONGEST]
    return words or "my_use_case"


def _files(moved: Sequence[Path]) -> list[Path]:
    return [
        file for path in moved for file in (sorted(path.iterdir()) if path.is_dir() else [path])
    ]


def _remove(moved: Sequence[Path]) -> None:
    for path in moved:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
