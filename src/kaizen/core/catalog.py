"""Finds a use case by its name."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from kaizen.core.errors import unknown
from kaizen.core.paths import PROJECT_ROOT
from kaizen.core.usecase import Features, UseCase


def names() -> list[str]:
    """Every use case that has a configuration."""
    return sorted(path.stem for path in (PROJECT_ROOT / "configs").glob("*.yaml"))


def check(name: str) -> str:
    """``name`` itself.

    Raises:
        UsageError: no use case has this name; the nearest one is offered.
    """
    if name not in names():
        raise unknown("use case", name, names())
    return name


def usecase(name: str) -> UseCase:
    """The use case's ``model`` side. Imports its training framework."""
    return cast(UseCase, import_module(f"usecases.{check(name)}.model").usecase)


def features(name: str) -> Features:
    """The use case's ``features`` side. Imports no training framework."""
    return cast(Features, import_module(f"usecases.{check(name)}.features").features)
