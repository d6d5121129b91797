"""The use cases of this process's project, by name."""

from __future__ import annotations

from kaizen.core import extras, project
from kaizen.core.usecase import Features, UseCase


def names() -> list[str]:
    """Every use case that has a configuration."""
    return project.current().usecases()


def check(name: str) -> str:
    """``name`` itself.

    Raises:
        UsageError: no use case has this name; the nearest one is offered.
    """
    return project.current().check(name)


def check_libraries(name: str) -> None:
    """Go on only where the libraries that the use case is trained with are installed."""
    extras.needs(*project.current().extras(name), who=name)


def usecase(name: str) -> UseCase:
    """The use case's ``model`` side. Imports its training framework."""
    return project.current().usecase(name)


def features(name: str) -> Features:
    """The use case's ``features`` side. Imports no training framework."""
    return project.current().features(name)
