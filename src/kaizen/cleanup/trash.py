"""What an interrupted removal has left in the trash."""

from __future__ import annotations

from kaizen.cleanup.collector import Leftovers, leftovers
from kaizen.core import trash
from kaizen.core.paths import Home

KIND = "trash"
READS = "the state folder"
WHY = "a removal that was interrupted left it"


def find(home: Home, before: float, *, at_work: bool = False) -> Leftovers:  # noqa: ARG001
    """All of it, however young: nobody refers to what is in the trash."""
    return leftovers(KIND, WHY, trash.leavings(home))
