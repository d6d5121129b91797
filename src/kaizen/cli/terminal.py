"""The terminal during a run: live progress for people, the libraries' own lines to the log file."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import TextIO, TypeVar

from kaizen.cli.board import Board, Screen
from kaizen.core import progress

T = TypeVar("T")


@contextmanager
def watching(log: Path) -> Iterator[None]:
    """Show progress on the terminal's standard error; all other output goes to ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        terminal = stack.enter_context(os.fdopen(os.dup(2), "w", encoding="utf-8"))
        stack.enter_context(_redirected(log))
        board = Board(Screen(file=terminal, highlight=False))
        stack.callback(board.close)
        stack.enter_context(progress.listening(board))
        yield


@contextmanager
def apart(log: Path) -> Iterator[Callable[[Callable[[T], None]], Callable[[T], None]]]:
    """All output goes to ``log``, but for that of functions that are passed through the yielded."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        terminal = stack.enter_context(os.fdopen(os.dup(1), "w", encoding="utf-8"))
        stack.enter_context(_redirected(log))

        def aloud(function: Callable[[T], None]) -> Callable[[T], None]:
            def heard(what: T) -> None:
                with redirect_stdout(terminal):
                    function(what)
                terminal.flush()

            return heard

        yield aloud


@contextmanager
def _redirected(log: Path) -> Iterator[None]:
    """File descriptors 1 and 2 write to ``log``: also what C++ libraries print."""
    streams: tuple[TextIO, TextIO] = (sys.stdout, sys.stderr)
    saved = [os.dup(number) for number in (1, 2)]
    with log.open("ab") as file:
        # Until the last who writes to it has gone: `kaizen gc` leaves the log alone.
        fcntl.flock(file, fcntl.LOCK_SH)
        for stream, number in zip(streams, (1, 2), strict=True):
            stream.flush()
            os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        for stream, number, old in zip(streams, (1, 2), saved, strict=True):
            stream.flush()
            os.dup2(old, number)
            os.close(old)
