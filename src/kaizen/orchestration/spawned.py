"""The program of a zygote that was started, not forked: ``python -m kaizen.orchestration.spawned``.

Its socket is its standard input.
"""

from __future__ import annotations

import os
import socket

from kaizen.orchestration import start  # noqa: F401 - first: it imports ZenML the quick way
from kaizen.orchestration.step_zygote import serve

if __name__ == "__main__":
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    serve(control)
