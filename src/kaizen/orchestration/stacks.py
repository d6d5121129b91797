"""Stacks as files: ``stacks/NAME.yaml``, typed."""

from __future__ import annotations

from pydantic import Field

from kaizen.core import project
from kaizen.core.config import Frozen, check, read
from kaizen.core.errors import unknown


class LocalStack(Frozen):
    """This machine, embedded: how many steps may run at once, and how many heavy ones of them.

    ``max_heavy`` counts processes; None stands for one a core.
    """

    description: str = ""
    max_parallel: int = Field(8, ge=1, le=256)
    max_heavy: int | None = Field(None, ge=1, le=256)


def names() -> list[str]:
    """Every stack that has a file."""
    return sorted(path.stem for path in project.current().stacks.glob("*.yaml"))


def load(name: str) -> LocalStack:
    """The stack's settings.

    Raises:
        UsageError: no stack has this name, or its file is wrong.
    """
    if name not in names():
        raise unknown("stack", name, names())
    return check(LocalStack, read(project.current().stacks / f"{name}.yaml"))
