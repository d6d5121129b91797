"""Which commit of the project is running, and which kaizen."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kaizen._version import __version__
from kaizen.core import project

PATIENCE_S = 10
CODE = ("*.py", "*.yaml", "*.yml", "*.toml", "requirements*.txt", "requirements*.in")
"""Files that a run may follow from, so that one git does not know is a difference, too."""


@dataclass(frozen=True)
class Commit:
    """A git commit in full, and whether the project's files differ from it.

    Attributes:
        dirty: a tracked file was changed, or code or a configuration is there that git does not
            know and was not told to ignore.
    """

    id: str
    dirty: bool


def current(root: Path | None = None) -> Commit | None:
    """The commit ``root`` is at (None: the project); None where there is none, or no git."""
    root = root or project.current().root
    head = _git(root, "rev-parse", "HEAD")
    if head is None:
        return None
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".")
    new = _git(root, "ls-files", "--others", "--exclude-standard", "--", *CODE)
    return Commit(id=head, dirty=changed != "" or new != "")


def name(root: Path | None = None) -> str:
    """Version of kaizen and commit of the project in a few words: ``0.1.0 1a2b3c4d5e6f+``.

    A plus says that the project's files differ from the commit.
    """
    found = current(root)
    return __version__ if found is None else f"{__version__} {found.id[:12]}{'+' * found.dirty}"


def _git(root: Path, *arguments: str) -> str | None:
    # A hook of another repository sets GIT_DIR and its like: they are not about this project.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "--no-optional-locks", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
