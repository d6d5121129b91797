"""kaizen as somebody else has it: its wheel in an environment of its own, away from here.

The libraries are those of this environment, by a ``.pth`` file, which brings no editable kaizen
along: what ``.pth`` files of that folder say is not read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project import copied

BIN = Path(sys.executable).parent


def wheel(folder: Path) -> Path:
    """What ``make wheel`` builds of this repository's files, in a copy below ``folder``."""
    root = copied(folder / "clone")
    subprocess.run(
        ["make", "--old-file=setup", "wheel", f"BIN={BIN}"],
        cwd=root, capture_output=True, check=True, text=True,
    )  # fmt: skip
    [built] = (root / "dist").glob("*.whl")
    return built


def environment(folder: Path, built: Path) -> Path:
    """An environment in ``folder`` in which the wheel ``built`` is installed; its programs."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    programs = folder / "bin"
    (programs / "caddy").symlink_to(BIN / "caddy")
    subprocess.run(
        [str(BIN / "uv"), "pip", "install", "--quiet", "--offline", "--no-deps", "--no-cache",
         "--python", str(programs / "python"), str(built)],
        check=True,
    )  # fmt: skip
    return programs


@dataclass(frozen=True)
class Owner:
    """Somebody with a project, and with kaizen's programs in ``programs``.

    Attributes:
        root: the project's folder, also where they stand.
        user: their home folder.
    """

    root: Path
    programs: Path
    user: Path

    def run(self, program: str, *words: str, cwd: Path | None = None) -> Any:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return subprocess.run(
            [str(self.programs / program), *words],
            cwd=cwd or self.root, env={**kept, "HOME": str(self.user)},
            capture_output=True, text=True, timeout=550, check=False,
        )  # fmt: skip

    def kaizen(self, *words: str, cwd: Path | None = None) -> Any:
        """``kaizen words``; fails where it failed."""
        done = self.run("kaizen", *words, cwd=cwd)
        assert done.returncode == 0, f"kaizen {' '.join(words)}: {done.stderr}"
        return done

    def git(self, *words: str) -> str:
        git = shutil.which("git")
        assert git
        who = ("-c", "user.name=ines", "-c", "user.email=ines@example.com")
        done = subprocess.run(
            [git, *who, "-c", "commit.gpgsign=false", *words],
            cwd=self.root, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()
