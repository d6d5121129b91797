"""What a run ran on: Python, the machine, and the version of every installed package."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import distributions, version

import kaizen


@cache
def packages() -> tuple[str, ...]:
    """Every installed package as ``name==version``, sorted."""
    found = {
        name.lower(): f"{name}=={package.version}"
        for package in distributions()
        if (name := package.metadata["Name"])
    }
    return tuple(found[name] for name in sorted(found))


def describe() -> dict[str, str | int | None]:
    """Python, the operating system, the processor and kaizen's own version."""
    return {
        "kaizen": kaizen.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
    }


def pinned(*names: str) -> list[str]:
    """Requirements for ``names`` at the installed versions."""
    return [f"{name}=={version(name)}" for name in names]
