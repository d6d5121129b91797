"""Folders that appear whole or not at all, also after a crash or a race."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from kaizen.core.atomic import sync_folder


def publish(folder: Path, fill: Callable[[Path], None]) -> bool:
    """Create ``folder`` with the files that ``fill`` writes into a temporary one.

    Returns:
        Whether this call created it; False where it existed or another process was first, and
        then nothing of it is changed.
    """
    if folder.exists():
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        fill(temporary)
        for path in temporary.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(temporary)
        temporary.chmod(0o755)
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            return False
        sync_folder(folder.parent)
        return True
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
