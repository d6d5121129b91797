"""Keeps log files small while their writers keep them open."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

LIMIT_BYTES = 10_000_000
KEPT = 3


def rotate(logs: Iterable[Path], limit_bytes: int = LIMIT_BYTES) -> list[Path]:
    """Move the content of each file beyond ``limit_bytes`` to ``NAME.1``, older ones on.

    The file is copied and cut, not renamed: services append to the file they were given, and
    must outlive whoever started them, so no pipe and no rename is possible. Lines written
    between copy and cut are lost.
    """
    rotated = []
    for log in logs:
        try:
            if log.stat().st_size <= limit_bytes:
                continue
            for number in range(KEPT - 1, 0, -1):
                older = log.with_name(f"{log.name}.{number}")
                if older.exists():
                    older.replace(log.with_name(f"{log.name}.{number + 1}"))
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
        except OSError:
            continue  # a full disk: the next turn tries again
        rotated.append(log)
    return rotated
