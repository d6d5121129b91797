"""Removal that is safe at any moment: moved to the home's trash by one rename, then deleted.

A process killed in between leaves whole things or nothing where they were; what it left in the
trash the next removal deletes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from kaizen.core import locks
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home

LOCK = "lock"


@contextmanager
def held(home: Home) -> Iterator[None]:
    """One process at a time removes things from a home.

    Raises:
        KaizenError: another one does.
    """
    try:
        with locks.held(home.trash / LOCK):
            yield
    except BlockingIOError:
        raise KaizenError(
            f"another removal is going on in {home.root}: try again when it is done"
        ) from None


def leavings(home: Home) -> list[Path]:
    """What an interrupted removal has left in the trash."""
    if not home.trash.is_dir():
        return []
    return sorted(path for path in home.trash.iterdir() if path.name != LOCK)


def remove(paths: Iterable[Path], home: Home) -> None:
    """Remove files and folders of the home; what is gone already is no matter.

    Raises:
        KaizenError: something cannot be moved or deleted; it is named.
    """
    home.trash.mkdir(parents=True, exist_ok=True)
    for path in paths:
        try:
            path.rename(home.trash / uuid4().hex)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _refused(path, error) from error
    empty(home)


def empty(home: Home) -> None:
    """Delete what is in the trash.

    Raises:
        KaizenError: something cannot be deleted.
    """
    for path in leavings(home):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> KaizenError:
    return KaizenError(
        f"cannot remove {error.filename or path}: {error.strerror}; "
        "see to its rights and its disk, then `kaizen gc --delete` goes on"
    )
