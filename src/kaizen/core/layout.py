"""The layout of a state folder: which one it has, and who may work in it.

``version.json`` in the home names it. A home without that file is of layout 1: the kaizen that
made it wrote none. Every command asks :func:`open_home` once, before it looks at anything else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from kaizen._version import __version__
from kaizen.core import locks
from kaizen.core.atomic import write_text
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home

LAYOUT = 2
"""The one that this kaizen reads and writes."""
FIRST = 1
"""Of homes that say nothing of it."""
RETRY_S = 0.05

_NO_STATE = frozenset({"layout.lock", "logs", "cache", "xdg"})
"""What may lie in a home that was only asked: nothing of it has a layout."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Version:
    """What a home says of itself.

    Attributes:
        layout: of its files and databases.
        kaizen: the version that made it so; "" where that is not known.
        backup: while it is being migrated, the name of the copy of its stores below ``backups/``.
    """

    layout: int
    kaizen: str = ""
    backup: str | None = None


def open_home(home: Home, *, make: bool, report: Report) -> None:
    """See to it that ``home`` has the layout of this kaizen; it is migrated where it is older.

    Args:
        make: whether the caller is about to write into it: then a new home gets its version first.
        report: told what was migrated, and what is waited for.

    Raises:
        KaizenError: it is of a later layout, damaged, or older and still worked in.
    """
    if _usable(refuse_later(home), make=make):
        return
    with _alone(home, report):
        version = refuse_later(home)  # another command may have been here
        if _usable(version, make=make):
            return
        if version is None:
            write(home, Version(LAYOUT, __version__))
        else:
            from kaizen.core import migration

            migration.migrate(home, version, report)


def refuse_later(home: Home) -> Version | None:
    """The version of ``home``, where it is not of a later kaizen.

    Raises:
        KaizenError: it is, or its version file is damaged.
    """
    version = read(home)
    if version is not None and version.layout > LAYOUT:
        by = f" by kaizen {version.kaizen}" if version.kaizen else ""
        raise KaizenError(
            f"{home.root} was given layout {version.layout}{by}, and this kaizen {__version__} "
            f"knows layout {LAYOUT}: upgrade kaizen, or choose another folder with KAIZEN_HOME"
        )
    return version


def read(home: Home) -> Version | None:
    """The version of ``home``; None where there is nothing yet that could have one.

    Raises:
        KaizenError: its version file is damaged.
    """
    try:
        said = json.loads(home.version.read_text(encoding="utf-8"))
        version = Version(said["layout"], said.get("kaizen", ""), said.get("backup"))
        if type(version.layout) is not int or version.layout < FIRST:
            raise ValueError(version.layout)
    except FileNotFoundError:
        return Version(FIRST) if _has_state(home) else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KaizenError(
            f"{home.version} is damaged, and it names the layout of "
            f'the state folder: put a copy back, or write {{"layout": {LAYOUT}}} into it if no '
            "other kaizen has worked there"
        ) from error
    return version


def write(home: Home, version: Version) -> None:
    """Say what ``home`` is; on disk when this returns."""
    said: dict[str, Any] = {name: value for name, value in asdict(version).items() if value}
    write_text(home.version, json.dumps(said) + "\n")


def _usable(version: Version | None, *, make: bool) -> bool:
    """Whether nothing is to be done."""
    return not make if version is None else version.layout == LAYOUT


def _has_state(home: Home) -> bool:
    try:
        return any(path.name not in _NO_STATE for path in home.root.iterdir())
    except FileNotFoundError:
        return False


@contextmanager
def _alone(home: Home, report: Report) -> Iterator[None]:
    """One command at a time makes or migrates a home; the others wait for it."""
    with ExitStack() as stack:
        told = False
        while True:
            try:
                stack.enter_context(locks.held(home.root / "layout.lock"))
                break
            except BlockingIOError:
                if not told:
                    report(f"waiting for another kaizen command, which migrates {home.root}")
                told = True
                time.sleep(RETRY_S)
        yield
