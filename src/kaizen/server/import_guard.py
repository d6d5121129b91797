"""Makes sure that the code that serves is the code in the Bento.

Where kaizen is installed for development, a module missing from a Bento would be found in the
project instead: served today, gone tomorrow. Such a service refuses to start, and so to be built.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

PACKAGES = frozenset({"kaizen", "usecases", "serving"})


def strangers(folder: Path, modules: Mapping[str, ModuleType]) -> list[str]:
    """Names of kaizen's own modules that were not loaded from below ``folder``."""
    return sorted(
        name
        for name, module in modules.items()
        if name.partition(".")[0] in PACKAGES
        and (file := getattr(module, "__file__", None))
        and not Path(file).resolve().is_relative_to(folder)
    )


def check(folder: Path) -> None:
    """Raise ImportError where :func:`strangers` finds one."""
    if names := strangers(folder, dict(sys.modules)):
        raise ImportError(
            f"{', '.join(names)} would be loaded from outside the Bento: code that serves may "
            "import only what kaizen/packaging/bento.py puts into it"
        )
