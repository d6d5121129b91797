"""The end of a process by SIGKILL, and what it had acknowledged until then."""

from __future__ import annotations

import signal
import subprocess


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kill it; the whole lines it had printed."""
    assert process.poll() is None, "it must live until it is killed"
    process.send_signal(signal.SIGKILL)
    assert process.stdout
    said = process.stdout.read().split("\n")[:-1]
    process.stdout.close()
    process.wait()
    return said
