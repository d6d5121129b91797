"""A copy of the project as git knows it, whose own code its commands run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from repository import PROJECT_ROOT


def copied(folder: Path) -> Path:
    """Every file that git knows, or would with the next commit, below ``folder``."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT_ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (source := PROJECT_ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def run(root: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """``python -m words`` from the copy's root, with its own modules."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=root, env=environment | own(root), capture_output=True, text=True, timeout=550,
        check=False,
    )  # fmt: skip


def own(root: Path) -> dict[str, str]:
    """The variables with which Python finds the copy's modules before the installed ones."""
    return {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
