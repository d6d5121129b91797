"""The peers' own environments, outside of the project's, from pinned requirements."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "peers" / "requirements"


class Missing(Exception):
    """A peer that cannot be installed here. The message says why."""


def python(peer: str, folder: Path) -> Path:
    """The Python of the peer's environment, made first where it is not what its file pins.

    Raises:
        Missing: it could not be installed.
    """
    wanted = REQUIREMENTS / f"{peer}.txt"
    environment = folder / peer
    found = environment / "bin" / "python"
    stamp = environment / "made-from"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text("utf-8") == digest:
        return found
    # Compiled at once, as pip does it: no peer pays for that in its first measured run.
    _uv("venv", "--clear", "--python", sys.executable, str(environment))
    _uv("pip", "install", "--compile-bytecode", "--python", str(found), "-r", str(wanted))
    stamp.write_text(digest, encoding="utf-8")
    return found


def _uv(*words: str) -> None:
    uv = Path(sys.executable).parent / "uv"
    command = str(uv) if uv.exists() else shutil.which("uv")
    if command is None:
        raise Missing("uv is not installed: `make setup` brings it")
    done = subprocess.run([command, "--quiet", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["uv said nothing"]
        raise Missing(" ".join(lines[:3]))
