"""A cache that tells the truth: a step runs again when any code or library it uses changed.

ZenML hashes the source of the step function only; an edit in a module that the step calls would
be served from the cache. Its ``CachePolicy`` takes files and a function: we give it every module
of the project that the step imports, transitively, and the versions of the libraries, of which
kaizen is one: by its version and by a digest of what a step can reach of it.
"""

from __future__ import annotations

import ast
import hashlib
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from zenml import get_step_context
from zenml.client import Client
from zenml.config.cache_policy import CachePolicy

import kaizen
from kaizen._version import __version__
from kaizen.core import project
from kaizen.orchestration.zenml_patches import packages

LIBRARIES = (
    "evidently", "keras", "matplotlib", "mlflow", "numpy", "onnx", "onnxruntime", "pandas",
    "pandera", "pyarrow", "scikit-learn", "skl2onnx", "skops", "tensorflow-cpu", "tf2onnx",
)  # fmt: skip


ABOVE = frozenset({"api.py", "cli", "dashboard", "triggers", "workflows", "cleanup", "queries"})
"""Rooms of kaizen that start steps, or look at what they made: no step imports them."""


def policy(*modules: str) -> CachePolicy:
    """The policy of a step that begins in ``modules`` (dotted names)."""
    return CachePolicy(
        file_dependencies=project_files(modules, project.current().root),
        cache_func=f"{__name__}.library_versions",
    )


def forget() -> None:
    """The step that runs now shall run again next time, whatever comes of it."""
    Client().update_step_run(get_step_context().step_run.id, cache_expires_at=datetime.now(UTC))


@cache
def library_versions() -> str:
    """Python and the libraries a step may use, with their versions."""
    installed = dict(pair.split("==") for pair in packages())
    versions = [f"{name} {installed.get(name, 'not installed')}" for name in LIBRARIES]
    own = f"kaizen {__version__} {package_digest(Path(kaizen.__file__).parent)}"
    return ", ".join([f"python {platform.python_version()}", own, *versions])


def package_digest(package: Path) -> str:
    """Of every file of kaizen that a step can reach: all but the rooms above the steps."""
    total = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] not in ABOVE:
            total.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def project_files(modules: tuple[str, ...], root: Path) -> list[str]:
    """Files under ``root`` that ``modules`` import, transitively, as sorted relative paths."""
    ours = {entry.partition(".")[0] for entry in os.listdir(root)}  # noqa: PTH208 - names only
    seen: set[str] = set()
    names: set[str] = set()
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name in names or name.partition(".")[0] not in ours:
            continue
        names.add(name)
        if "." in name:  # the packages above it run too
            todo.append(name.rpartition(".")[0])
        path = name.replace(".", "/")
        for file in (f"{path}/__init__.py", f"{path}.py"):
            if file not in seen and (state := _state(f"{root}/{file}")) is not None:
                seen.add(file)
                todo.extend(_imports(f"{root}/{file}", tuple(file.split("/")[:-1]), state))
    return sorted(seen)


def _state(file: str) -> tuple[int, int] | None:
    """What differs when the file was edited; None where there is none."""
    try:
        found = os.stat(file)  # noqa: PTH116 - some thousand times a run
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@cache
def _imports(file: str, package: tuple[str, ...], _state: tuple[int, int]) -> tuple[str, ...]:
    """Names that ``file`` imports anywhere; read again when its state changed."""
    names: list[str] = []
    for node in _statements(ast.parse(Path(file).read_bytes())):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names.append(stem)
            names.extend(f"{stem}.{alias.name}" for alias in node.names)
    return tuple(names)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement in ``tree``; imports are statements, so expressions are left out."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inside = getattr(node, field, ())
            if isinstance(inside, list):
                todo.extend(inside)
