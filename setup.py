"""The wheel's one step of its own: what every project begins with lies in it as data."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "src"))

from kaizen.cli import project_files  # noqa: E402 - read from here: it is not installed yet


class WithProjectFiles(build_py):
    """Packs the project's own folders beside the library; an editable install finds them."""

    def run(self) -> None:
        """Build what is here now, and nothing that an earlier build has left."""
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        if not self.editable_mode:
            project_files.pack(ROOT, Path(self.build_lib) / "kaizen")


setup(cmdclass={"build_py": WithProjectFiles})
