"""Which commit of the project is running."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from kaizen import __version__
from kaizen.core.paths import PROJECT_ROOT

PATIENCE_S = 10


@dataclass(frozen=True)
class Commit:
    """A git commit in full, and whether tracked files differ from it."""

    id: str
    dirty: bool


def current(root: Path = PROJECT_ROOT) -> Commit | None:
    """The commit ``root`` is at; None where it is no repository, is empty, or git is absent."""
    head = _git(root, "rev-parse", "HEAD")
    if head is None:
        return None
    changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    return Commit(id=head, dirty=changes != "")


def name(root: Path = PROJECT_ROOT) -> str:
    """Version and commit of the running code in a few words: ``0.1.0 1a2b3c4d5e6f+``.

    A plus says that tracked files differ from the commit.
    """
    found = current(root)
    return __version__ if found is None else f"{__version__} {found.id[:12]}{'+' * found.dirty}"


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "--no-optional-locks", *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
