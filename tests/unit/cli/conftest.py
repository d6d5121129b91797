"""A terminal of 24 rows and 100 columns, on which a program runs."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

ROWS = 24


def run(log: Path, work: str, **variables: str) -> str:
    """What a terminal of 24 rows and 100 columns is sent by ``work``."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (ROWS, 100))
    shown: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(ours, 4096):
                shown.append(part)
        except OSError:  # Linux says so when the other side is closed
            return

    reader = threading.Thread(target=read)
    reader.start()
    clean = {name: value for name, value in os.environ.items() if name not in {"LINES", "COLUMNS"}}
    subprocess.run(
        [sys.executable, "-c", work, str(log)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=PROJECT_ROOT,
        env={**clean, "TERM": "xterm", **variables},
        check=True,
    )
    os.close(theirs)
    reader.join()
    os.close(ours)
    return b"".join(shown).decode()


@pytest.fixture
def on_a_terminal() -> Callable[..., str]:
    """Runs Python code with a log's path; what the terminal is sent."""
    return run
