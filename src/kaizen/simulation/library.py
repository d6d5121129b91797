"""The scenarios of a use case: ``configs/scenarios/USECASE.yaml``."""

from __future__ import annotations

import re
from pathlib import Path

from kaizen.core import project
from kaizen.core.config import check, read
from kaizen.core.errors import UsageError, unknown
from kaizen.simulation.scenario import Scenario, Source

STEADY = Scenario(about="held-out rows, nothing changes", ticks=40, sources={"usual": Source()})
"""Of every use case that has no file."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def scenarios(usecase: str, folder: Path | None = None) -> dict[str, Scenario]:
    """Every scenario by its name.

    Raises:
        UsageError: the file is no YAML, or a key or value in it is wrong.
    """
    path = (folder or project.current().scenarios) / f"{usecase}.yaml"
    if not path.is_file():
        return {"steady": STEADY}
    found = {}
    for name, tree in read(path).items():
        if not _NAME.fullmatch(str(name)):
            raise UsageError(f"{path.name}: scenario {name!r}: expected a name like seasonal")
        if not isinstance(tree, dict):
            raise UsageError(f"{path.name}: {name} is {tree!r}: expected ticks, rows and sources")
        found[name] = check(Scenario, tree, name)
    return found


def scenario(usecase: str, name: str, folder: Path | None = None) -> Scenario:
    """One of them.

    Raises:
        UsageError: there is none of this name; the nearest is offered.
    """
    known = scenarios(usecase, folder)
    if name not in known:
        raise unknown(f"scenario of {usecase}", name, known)
    return known[name]
