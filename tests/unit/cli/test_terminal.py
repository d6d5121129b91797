"""On a terminal people see the steps alone; whatever libraries print goes to the log."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

from cli.terminal import seconds_in_words
from kaizen.paths import PROJECT_ROOT

WORK = """
import os, sys
from pathlib import Path
from cli.terminal import watching
from kaizen import progress
from kaizen.progress import StepEvent
print("before")
with watching(Path(sys.argv[1])):
    progress.report(StepEvent("train", "planned"))
    progress.report(StepEvent("train", "running", figure="epoch 1/2"))
    print("a library's line")
    print("a library's complaint", file=sys.stderr)
    os.system("echo from C")
    progress.report(StepEvent("train", "done", 3.0, "epoch 2/2"))
print("after")
"""


def on_a_terminal(log: Path) -> str:
    """What a terminal shows of ``WORK``."""
    ours, theirs = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(ours, 4096):
                shown.append(part)
        except OSError:  # Linux says so when the other side is closed
            return

    reader = threading.Thread(target=read)
    reader.start()
    subprocess.run(
        [sys.executable, "-c", WORK, str(log)],
        stdout=theirs,
        stderr=theirs,
        cwd=PROJECT_ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        check=True,
    )
    os.close(theirs)
    reader.join()
    os.close(ours)
    return b"".join(shown).decode()


def test_a_terminal_shows_the_steps_and_the_log_has_the_rest(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "run.log"
    shown = on_a_terminal(log)
    assert shown.startswith("before")
    assert shown.rstrip().endswith("after")
    last = shown.rpartition("✓ train")[2]
    assert "done" in last
    assert "3.0 s" in last
    assert "epoch 2/2" in last
    assert "library" not in shown
    assert "from C" not in shown
    written = log.read_text(encoding="utf-8")
    assert all(text in written for text in ("'s line", "'s complaint", "from C"))
    assert "✓" not in written


def test_durations_for_people() -> None:
    told = [seconds_in_words(seconds) for seconds in (0.04, 9.94, 9.96, 59.4, 59.6, 318)]
    assert told == ["0.0 s", "9.9 s", "10 s", "59 s", "1 min 0 s", "5 min 18 s"]
