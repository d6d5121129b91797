"""What use cases whose rows are drawn from a seed have in common: where the rows come from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from kaizen.core.config import Frozen


class Generated(Frozen):
    """Rows drawn from a seed, or a file of one's own.

    Attributes:
        source: drawn from a seed, see ``generate.py`` of the use case.
        rows: how many are drawn.
        seed: of the draw.
        path: a CSV file of your own in their place, with the columns of the data card.
    """

    source: Literal["generated"] = "generated"
    rows: int = Field(10_000, ge=1)
    seed: int = Field(0, ge=0)
    path: Path | None = None
