"""Opens a home in a process that kills itself: ``killed_migration.py HOME AT``.

Before the system call number AT that changes something in the home (a file opened to be written,
a folder made, a name moved or removed, a database opened) the process ends by SIGKILL; with AT 0
it lives and prints how many there were.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "sqlite3.connect")


def main() -> None:
    home, at = sys.argv[1], int(sys.argv[2])
    seen = 0

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if not (writes or event in CHANGES):
            return
        # Of what is deleted in a folder only the name in it is known.
        if str(arguments[0]).startswith(home) or event in {"os.remove", "os.rmdir"}:
            seen += 1
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)

    from kaizen.core import layout, migration
    from kaizen.core.paths import Home

    assert migration
    sys.addaudithook(audit)
    layout.open_home(Home(Path(home)), make=True, report=lambda _: None)
    print(seen)


if __name__ == "__main__":
    main()
