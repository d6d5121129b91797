"""The lock of a Bento: what the service needs, and what a use case needs besides.

A use case names its libraries in ``serving.requirements`` of its YAML. Versions and hashes are
those of the project's own lock, so that what serves is what was trained and tested with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.project import Project

_BLOCK = re.compile(r"^(?=[A-Za-z0-9])", re.MULTILINE)
_PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^\s;\\]+)")
_OUTSIDE = re.compile(r"^[ \t]*#[ \t]+(?:via[ \t]+)?(?!via[ \t])\S+[ \t]+\S", re.MULTILINE)
"""Who asks is no library of the lock: a project, or a file of requirements."""
_VIA = re.compile(r"^[ \t]*#[ \t]+(?:via[ \t]+)?(?!via$)([A-Za-z0-9._-]+)[ \t]*$", re.MULTILINE)


class Pin(NamedTuple):
    """One library of a lock file: its version, who asks for it, and its lines."""

    version: str
    asked_by: frozenset[str]
    text: str


def lock(project: Project, wanted: Sequence[str]) -> str:
    """The lock of a service that also needs ``wanted``, as text.

    Args:
        wanted: names of libraries, with version ranges or without.

    Raises:
        UsageError: one is no requirement, or the project's lock does not hold it.
        KaizenError: there is no lock.
    """
    service = _read(project, project.service_lock.relative_to(project.root).as_posix())
    if not wanted:
        return service
    whole = pins(_read(project, project.lock.relative_to(project.root).as_posix()))
    there = pins(service)
    names = needed([_checked(text, whole) for text in wanted], whole)
    more = [whole[name].text for name in sorted(names - there.keys())]
    return service.rstrip("\n") + "\n" + "".join(more)


def pins(text: str) -> dict[str, Pin]:
    """The libraries of a lock file by their normalised names."""
    found = {}
    for block in _BLOCK.split(text):
        if pinned := _PINNED.match(block):
            asked_by = frozenset(canonicalize_name(name) for name in _VIA.findall(block))
            found[str(canonicalize_name(pinned[1]))] = Pin(pinned[2], asked_by, block)
    return found


def needed(names: Sequence[str], whole: dict[str, Pin]) -> set[str]:
    """``names`` and all that they lead to, by what the lock says of who asks for what."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(other for other, pin in whole.items() if name in pin.asked_by)
    return found


def needed_by_these_alone(names: Sequence[str], whole: dict[str, Pin]) -> set[str]:
    """Of ``names`` and all that they lead to what nothing else in the lock asks for."""
    own = frozenset(names)
    found = needed([name for name in names if name in whole], whole)
    while True:
        kept = {
            name
            for name in found
            if whole[name].asked_by <= found and (name in own or not _asked_outside(whole[name]))
        }
        if kept == found:
            return kept
        found = kept


def _asked_outside(pin: Pin) -> bool:
    return _OUTSIDE.search(pin.text) is not None


def _checked(text: str, whole: dict[str, Pin]) -> str:
    try:
        wanted = Requirement(text)
    except InvalidRequirement as error:
        raise UsageError(f"serving.requirements has {text!r}: {error}") from None
    name = str(canonicalize_name(wanted.name))
    if name not in whole or whole[name].version not in wanted.specifier:
        locked = f"{name}=={whole[name].version}" if name in whole else "no such library"
        raise UsageError(
            f"serving.requirements has {text!r}, and requirements.txt locks {locked}: add it to "
            "the project's dependencies and renew the lock (`make lock`)"
        )
    return name


def _read(project: Project, name: str) -> str:
    try:
        return (project.root / name).read_text(encoding="utf-8")
    except OSError as error:
        raise KaizenError(
            f"{name} cannot be read ({error.strerror}): a Bento is built from it; "
            "`kaizen init --update` brings the project's own files back"
        ) from None
