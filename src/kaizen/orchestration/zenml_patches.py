"""What ZenML 0.98 does for stacks unlike ours, taken out of the way on the local stack.

Each change is one entry of ``CHANGES``; the figures are of docs/performance.md. What people see
in ZenML's dashboard stays: runs, steps, times, parameters, artifacts, previews, logs, code.
"""

from __future__ import annotations

import functools
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from sqlalchemy import text
from zenml.client import Client

from kaizen.core.errors import KaizenError
from kaizen.orchestration import abandoned


@dataclass(frozen=True)
class Change:
    """One name of ZenML's that gets another value.

    Attributes:
        owner: ``module`` or ``module:Class``.
        make: gives the new value for the old.
        why: what ZenML's own way costs, or does wrong.
        needed: kaizen errs without it; other changes make it quicker alone.
    """

    owner: str
    name: str
    make: Callable[[Any], Any]
    why: str
    needed: bool = False

    def place(self) -> Any:
        """The module or class that has the name.

        Raises:
            KaizenError: it is not there: ZenML changed.
        """
        module, _, inside = self.owner.partition(":")
        try:
            place = import_module(module)
            place = getattr(place, inside) if inside else place
            vars(place)[self.name]
        except (ImportError, AttributeError, KeyError):
            raise KaizenError(
                f"ZenML has no {self.owner}.{self.name} any more, which "
                f"kaizen/orchestration/zenml_patches.py changes ({self.why}): "
                "install the versions in requirements.txt"
            ) from None
        return place


def _nothing(*_: Any, **__: Any) -> None:
    """In place of work that brings nothing."""


def _no(*_: Any, **__: Any) -> bool:
    return False


@functools.cache
def packages() -> tuple[str, ...]:
    """Installed distributions as ``name==version``, by the names of their folders.

    Wherever this Python looks for modules, as in the site-packages that an environment shares with
    another one; the first of a name is the one that is imported.
    """
    folders = dict.fromkeys(map(Path, sys.path))
    found = (path.name for folder in folders for path in folder.glob("*.dist-info"))
    pairs = [name.removesuffix(".dist-info").rpartition("-") for name in found]
    versions = {name.replace("_", "-"): version for name, _, version in reversed(pairs)}
    return tuple(sorted(f"{name}=={version}" for name, version in versions.items()))


@functools.cache
def system() -> dict[str, str]:
    """The operating system in ZenML's words."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return {
        "os": "linux",
        "linux_distro": release.get("ID", ""),
        "linux_distro_like": release.get("ID_LIKE", ""),
        "linux_distro_version": release.get("VERSION_ID", ""),
    }


def _package(old: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Most packages bear the name of their module; ZenML's own way to tell is for the rest."""

    @functools.cache
    def found(name: str) -> str | None:
        try:
            return str(metadata.distribution(name).metadata["Name"])
        except metadata.PackageNotFoundError:
            return None if name in sys.stdlib_module_names else old(name)

    return lambda module_name: found(module_name.partition(".")[0])


def _system_info(old: Any) -> Any:
    return staticmethod(lambda: dict(system())) if platform.system() == "Linux" else old


def _cached_step(old: Callable[[str], Any]) -> Callable[[str], Any]:
    """One statement tells whether there is anything to find."""

    def get_cached_step_run(cache_key: str) -> Any:
        engine = getattr(Client().zen_store, "engine", None)
        if engine is not None:
            with engine.connect() as connection:
                if connection.execute(_ANY_STEP, {"key": cache_key}).first() is None:
                    return None
        return old(cache_key)

    return get_cached_step_run


def _written(old: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """What a step or a run has said is in its file when it ends."""

    def _release_origin(self: Any, origin: Any) -> None:
        old(self, origin)
        self.flush(blocking=True)

    return _release_origin


def _ours(old: Callable[..., bool]) -> Callable[..., bool]:
    """Kaizen is a library also where it is installed from a folder below the source root."""

    def is_distribution_package_file(file_path: str, module_name: str) -> bool:
        return module_name.partition(".")[0] == "kaizen" or old(file_path, module_name)

    return is_distribution_package_file


_ANY_STEP = text("SELECT 1 FROM step_run WHERE cache_key = :key LIMIT 1")
CHANGES = (
    Change(
        "zenml.integrations.registry:IntegrationRegistry",
        "activate_integrations",
        lambda _: _nothing,
        "imports scikit-learn, BentoML, scipy ... for materializers that no step of ours uses",
    ),
    Change(
        "zenml.environment:Environment",
        "get_python_packages",
        lambda _: staticmethod(lambda: list(packages())),
        "starts `uv pip freeze` for each run, and for each step outside of ZenML's own runner",
    ),
    Change(
        "zenml.environment:Environment",
        "get_system_info",
        _system_info,
        "starts `lsb_release` once a process",
    ),
    Change(
        "zenml.config.compiler:Compiler",
        "_get_heartbeat_flag",
        lambda _: staticmethod(_no),
        "a thread and a write per step, to notice lost machines: here there is one",
    ),
    Change(
        "zenml.orchestrators.step_launcher",
        "is_step_logging_enabled",
        lambda _: _no,
        "a second log per step, of its preparation: it goes to the run's log",
    ),
    Change(
        "zenml.orchestrators.cache_utils",
        "get_cached_step_run",
        _cached_step,
        "puts together and reads a whole step, also when no step can match",
    ),
    Change(
        "zenml.utils.source_utils",
        "_get_package_for_module",
        _package,
        "reads the file lists of all installed packages to name the type of each output",
    ),
    Change(
        "zenml.utils.source_utils",
        "is_distribution_package_file",
        _ours,
        "takes an editable install below the project for the project's: src.kaizen, imported twice",
        needed=True,
    ),
    Change(
        "zenml.utils.source_code_utils",
        "get_source_code",
        functools.cache,
        "parses a step's file again for each invocation and each look at its returns",
    ),
    *(
        Change(
            "zenml.zen_stores.sql_zen_store:SqlZenStore",
            name,
            abandoned.guarded,
            "lets a step that was left behind at its time limit begin, or be done, in the record",
            needed=True,
        )
        for name in ("create_run_step", "update_run_step")
    ),
    Change(
        "zenml.log_stores.artifact.artifact_log_store:ArtifactLogStore",
        "_release_origin",
        _written,
        "writes no log before the last one open in the process ends, or some seconds have passed: "
        "a step left behind at its time limit holds back the logs of all runs after it",
        needed=True,
    ),
)

_originals: dict[Change, Any] = {}


def apply(*, only_needed: bool = False) -> None:
    """Make the changes in this process: all, or those without which kaizen errs. Safe to repeat.

    Raises:
        KaizenError: ZenML has moved what is changed; nothing is changed then.
    """
    chosen = [change for change in CHANGES if change.needed or not only_needed]
    places = [(change, change.place()) for change in chosen if change not in _originals]
    for change, place in places:
        _originals[change] = vars(place)[change.name]
        setattr(place, change.name, change.make(_originals[change]))


def undo() -> None:
    """Bring ZenML's own ways back, for a stack that needs them."""
    while _originals:
        change, original = _originals.popitem()
        setattr(change.place(), change.name, original)
