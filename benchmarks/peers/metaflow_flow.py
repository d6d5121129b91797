"""Metaflow: a script per flow, every step a process, its local store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.peers.contract import params, timed

FLOWS = Path(__file__).parent / "metaflow_flows"


def main() -> None:
    """Metaflow runs a flow as a script: that is started, and timed, from here."""
    workers = str(params().get("steps", 16))
    command = [sys.executable, str(FLOWS / f"{sys.argv[1]}.py"), "--quiet", "run"]
    timed(lambda: subprocess.run([*command, "--max-workers", workers], check=True))


if __name__ == "__main__":
    main()
