"""Libraries that a table needs not, and the extra of kaizen that each is installed by.

A library is asked for where it is used. Where it is not there, whoever needs it says so in one
line, with the words that install it; everything else goes on.

Only the standard library may be imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from kaizen.core.errors import KaizenError, unknown

PACKAGE = "kaizen-loop"


@dataclass(frozen=True)
class Library:
    """One library of an extra.

    Attributes:
        name: its maker's.
        module: what is imported.
        distribution: what is installed.
    """

    name: str
    module: str
    distribution: str


EXTRAS: Mapping[str, tuple[Library, ...]] = {
    "keras": (
        Library("TensorFlow", "tensorflow", "tensorflow-cpu"),
        Library("Keras", "keras", "keras"),
        Library("tf2onnx", "tf2onnx", "tf2onnx"),
    ),
    "documents": (
        Library("pypdfium2", "pypdfium2", "pypdfium2"),
        Library("ReportLab", "reportlab", "reportlab"),
        Library("ContourPy", "contourpy", "contourpy"),
    ),
    "evidently": (Library("Evidently", "evidently", "evidently"),),
}
"""The extras of ``pyproject.toml`` that users choose among, what each is for first."""


class NotInstalled(KaizenError):
    """A library of an extra is needed and not there."""


def needs(*extras: str, who: str = "") -> None:
    """Go on only where every library of ``extras`` is installed.

    Args:
        who: what needs them, as the message's first words.

    Raises:
        NotInstalled: one is not; the message says what installs it.
        UsageError: there is no such extra.
    """
    if found := missing(*extras, who=who):
        raise found


def missing(*extras: str, who: str = "") -> NotInstalled | None:
    """What :func:`needs` would raise; None where everything is there.

    Raises:
        UsageError: there is no such extra.
    """
    first = {extra: lacks[0].name for extra in extras if (lacks := lacking(extra))}
    return _error(first, who) if first else None


def lacking(extra: str) -> list[Library]:
    """The libraries of ``extra`` that are not installed. None is imported.

    Raises:
        UsageError: there is no such extra.
    """
    if extra not in EXTRAS:
        raise unknown("extra", extra, EXTRAS)
    return [library for library in EXTRAS[extra] if not _is_there(library.module)]


def absent() -> list[str]:
    """The extras that are not installed: what each is for first is not there."""
    return [extra for extra, (first, *_) in EXTRAS.items() if not _is_there(first.module)]


def of_error(
    error: BaseException, who: str = "", also: tuple[str, ...] = ()
) -> NotInstalled | None:
    """``error`` in a user's words, where it or what caused it is that such a library is missing.

    Args:
        also: extras that ``who`` needs besides, to be named in the same breath.
    """
    for each in _chain(error):
        module = (each.name or "").partition(".")[0] if isinstance(each, ImportError) else ""
        for extra, libraries in EXTRAS.items():
            for library in libraries:
                # One that is there and cannot be imported is broken: the error itself says how.
                if library.module == module and not _is_there(module):
                    return missing(*dict.fromkeys((extra, *also)), who=who)
    return None


def _error(first: Mapping[str, str], who: str) -> NotInstalled:
    names, verb = " and ".join(first.values()), "are" if len(first) > 1 else "is"
    what = f"{who} needs {names}, which {verb}" if who else f"{names} {verb}"
    return NotInstalled(f"{what} not installed: pip install '{PACKAGE}[{','.join(first)}]'")


def _is_there(module: str) -> bool:
    try:
        return module in sys.modules or find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what it was raised from or during, each once."""
    seen: list[BaseException] = []
    todo: BaseException | None = error
    while todo is not None and todo not in seen:
        seen.append(todo)
        yield todo
        todo = todo.__cause__ or todo.__context__
