"""A cache that tells the truth: a step runs again when any code or library it uses changed.

ZenML hashes the source of the step function only; an edit in a module that the step calls would
be served from the cache. Its ``CachePolicy`` takes files and a function: we give it every
first-party module that the step imports, transitively, and the versions of the libraries.
"""

from __future__ import annotations

import ast
import platform
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from zenml.config.cache_policy import CachePolicy

from kaizen.paths import PROJECT_ROOT

LIBRARIES = (
    "evidently", "keras", "matplotlib", "mlflow", "numpy", "onnx", "onnxruntime", "pandas",
    "pandera", "pyarrow", "scikit-learn", "skl2onnx", "skops", "tensorflow-cpu", "tf2onnx",
)  # fmt: skip


def policy(*modules: str) -> CachePolicy:
    """The policy of a step that begins in ``modules`` (dotted names)."""
    return CachePolicy(
        file_dependencies=first_party_files(modules),
        cache_func=f"{__name__}.library_versions",
    )


@cache
def library_versions() -> str:
    """Python and the libraries a step may use, with their versions."""
    versions = [f"{name} {metadata.version(name)}" for name in LIBRARIES]
    return ", ".join([f"python {platform.python_version()}", *versions])


def first_party_files(modules: tuple[str, ...], root: Path = PROJECT_ROOT) -> list[str]:
    """Files under ``root`` that ``modules`` import, transitively, as sorted relative paths."""
    seen: set[Path] = set()
    todo = [file for module in modules for file in _files(module, root)]
    while todo:
        file = todo.pop()
        if file in seen:
            continue
        seen.add(file)
        for name in _imports(file, root):
            todo.extend(_files(name, root))
    return sorted(str(file.relative_to(root)) for file in seen)


def _files(module: str, root: Path) -> Iterator[Path]:
    """The module's own file and the ``__init__`` of every package above it."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        package = root.joinpath(*parts[:depth], "__init__.py")
        if package.is_file():
            yield package
    file = root.joinpath(*parts).with_suffix(".py")
    if file.is_file():
        yield file


def _imports(file: Path, root: Path) -> Iterator[str]:
    package = file.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)
