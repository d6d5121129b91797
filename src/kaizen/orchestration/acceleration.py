"""What kaizen changes in other people's libraries to be quick, behind one switch.

``KAIZEN_PLAIN=1`` leaves pydantic and ZenML as they are: to see whether a change of ours is at
fault, or to run with versions that it was not written for. A few changes stay, without which
kaizen would err (``Change.needed``). What each one brings is in docs/performance.md.
"""

from __future__ import annotations

import importlib
import os

from kaizen.orchestration import lean_imports

VARIABLE = "KAIZEN_PLAIN"


def is_wanted() -> bool:
    """Whether this process may change other people's libraries to be quick."""
    return os.environ.get(VARIABLE) != "1"


def import_zenml() -> None:
    """Import ZenML, the quick way where that is wanted. Safe to repeat."""
    if is_wanted():
        lean_imports.load()
    else:
        for name in lean_imports.MODULES:
            importlib.import_module(name)


def change_zenml() -> None:
    """Make the changes to ZenML that are wanted, in this process. Safe to repeat.

    Raises:
        KaizenError: ZenML has moved what is changed.
    """
    from kaizen.orchestration import zenml_patches

    zenml_patches.apply(only_needed=not is_wanted())
