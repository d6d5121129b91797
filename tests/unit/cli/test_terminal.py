"""On a terminal people see the steps alone; whatever libraries print goes to the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

WORK = """
import os, sys
from pathlib import Path
from kaizen.cli.terminal import watching
from kaizen.core import progress
from kaizen.core.progress import StepEvent
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


def test_a_terminal_shows_the_steps_and_the_log_has_the_rest(
    tmp_path: Path, on_a_terminal: Callable[..., str]
) -> None:
    log = tmp_path / "logs" / "run.log"
    shown = on_a_terminal(log, WORK)
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
