"""Reports drawn beside the watching, each by a process of its own, one after the other."""

from __future__ import annotations

import subprocess
from collections import deque
from pathlib import Path
from typing import IO

from kaizen.core import extras, project
from kaizen.workflows.reports import EXTRA


class Drawing:
    """Commands that wait for their turn; what is left when the watching ends is not begun."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._waiting: deque[tuple[str, ...]] = deque()
        self._running: subprocess.Popen[bytes] | None = None
        self._missing = extras.missing(EXTRA, who="a page of pictures")

    def add(self, *words: str) -> None:
        """Have ``kaizen report WORDS`` run when its turn comes; the same again waits once.

        Where nothing can be drawn here, the log says so in its place.
        """
        if self._missing:
            with self._opened() as log:
                log.write(f"{' '.join(words)}: {self._missing}\n".encode())
        elif words not in self._waiting:
            self._waiting.append(words)
        self.go_on()

    def go_on(self) -> None:
        """Begin the next one where nothing runs."""
        if self._waiting and (self._running is None or self._running.poll() is not None):
            words = self._waiting.popleft()
            with self._opened() as log:
                self._running = subprocess.Popen(
                    ["nice", *project.command("kaizen.cli.main", "report", *words)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=project.current().root,
                )

    def _opened(self) -> IO[bytes]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        return self._log.open("ab")

    def close(self) -> None:
        """End what runs; a page is written whole or not at all."""
        if self._running is not None and self._running.poll() is None:
            self._running.terminate()
            self._running.wait()
