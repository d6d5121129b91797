"""However many steps there are, the table stays in its window, and the end can be read."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kaizen.cli.board import Board, Screen
from kaizen.core.progress import StepEvent

ROWS = 24


class Window:
    """A terminal's window: what is sent scrolls out at its top and cannot be reached there."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.above: list[str] = []
        self.lines = [""]
        self._row = 0
        self.beyond = 0
        """How often the cursor was sent above the window."""

    def feed(self, sent: str) -> None:
        """Take in text and the few control codes that Rich sends."""
        for part in re.findall(r"\x1b\[\??[\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", sent):
            if part == "\n":
                self._down()
            elif part.endswith("A") and part.startswith("\x1b"):
                up = int(part[2:-1] or 1)
                self.beyond += up > self._row
                self._row = max(0, self._row - up)
            elif part == "\x1b[2K":
                self.lines[self._row] = ""
            elif not part.startswith(("\x1b", "\r")):
                self.lines[self._row] += part

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self.lines):
            self.lines.append("")
        if self._row == self.rows:
            self.above.append(self.lines.pop(0))
            self._row -= 1

    def text(self) -> list[str]:
        """All lines, those scrolled out included."""
        return [line.rstrip() for line in [*self.above, *self.lines]]


MANY = """
import sys, time
from pathlib import Path
from kaizen.cli.terminal import watching
from kaizen.core import progress
from kaizen.core.progress import StepEvent
with watching(Path(sys.argv[1])):
    names = [f"step_{number:03}" for number in range(220)]
    for name in names:
        progress.report(StepEvent(name, "planned"))
    for number, name in enumerate(names):
        if number == 200:
            break
        progress.report(StepEvent(name, "running", figure=f"figure {number}"))
        if number % 10:
            end = "failed" if number in (42, 142) else "cached" if number % 7 == 0 else "done"
            progress.report(StepEvent(name, end, 1.0))
        if number % 20 == 5:
            time.sleep(0.13)
    FINISH
"""
"""220 steps: 20 are left running, 2 fail, 20 are never begun; time for some looks at them."""
ALL_DONE = """
    for number, name in enumerate(names):
        if number not in (42, 142):
            progress.report(StepEvent(name, "done", 2.0))
"""


@pytest.mark.parametrize("finish", ["", ALL_DONE], ids=["stopped", "finished"])
def test_many_steps_stay_in_their_window_and_end_in_few_lines(
    tmp_path: Path, on_a_terminal: Callable[..., str], finish: str
) -> None:
    sent = on_a_terminal(tmp_path / "run.log", MANY.replace("    FINISH", finish))
    live, _, _ = sent.rpartition("220 steps")
    looks = re.findall(r"· [\d,]+ [^\x1b\r\n]*planned", live)
    assert len(looks) >= 5, "the table was seen to move"
    window = Window(ROWS)
    window.feed(sent)
    assert window.beyond == 0, "the table never outgrew the window"
    end = window.text()
    assert len([line for line in end if line]) <= ROWS, "nothing was left behind by earlier looks"
    (total,) = [line for line in end if "220 steps" in line]
    failed = [line.split()[1] for line in end if line.startswith("✗")]
    assert failed == ["step_042", "step_142"]
    running = [line for line in end if line.startswith("○")]
    if finish:
        assert total == "220 steps: 218 done, 2 failed"
        assert running == []
    else:
        assert total.endswith("2 failed, 20 running, 20 planned")
        assert len(running) == 20
        assert "figure 190" in running[-1]


def test_a_window_whose_size_only_its_own_file_tells_is_kept_to(
    tmp_path: Path, on_a_terminal: Callable[..., str]
) -> None:
    """Of ten rows, set by the variable that goes before what the terminal says."""
    sent = on_a_terminal(tmp_path / "run.log", MANY.replace("    FINISH", ALL_DONE), LINES="10")
    window = Window(10)
    window.feed(sent)
    assert window.beyond == 0
    assert "220 steps: 218 done, 2 failed" in window.text()


def test_what_fits_is_shown_whole_at_the_end(
    tmp_path: Path, on_a_terminal: Callable[..., str]
) -> None:
    work = MANY.replace("220", "23").replace("    FINISH", "")
    window = Window(ROWS)
    window.feed(on_a_terminal(tmp_path / "run.log", work))
    shown = [line.split()[1] for line in window.text() if line]
    assert shown == [f"step_{number:03}" for number in range(23)]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_no_thread_before_the_first_event_and_none_after_the_end() -> None:
    before = threading.active_count()
    file = Terminal()
    board = Board(Screen(file=file, force_terminal=True))
    assert (threading.active_count(), file.getvalue()) == (before, "")
    board(StepEvent("train", "running"))
    assert threading.active_count() == before + 1
    board.close()
    shown = file.getvalue()
    assert "train" in shown
    board.close()
    board(StepEvent("late", "done"))
    assert file.getvalue() == shown
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.02)
    assert threading.active_count() == before


def test_without_a_terminal_each_step_has_its_line() -> None:
    file = io.StringIO()
    board = Board(Screen(file=file))
    for number in range(200):
        board(StepEvent(f"s{number}", "planned"))
        board(StepEvent(f"s{number}", "running"))
        board(StepEvent(f"s{number}", "done", 2.0, "well"))
    board.close()
    lines = file.getvalue().splitlines()
    assert len(lines) == 200
    assert lines[199] == "✓ s199         done        2.0 s  well"
