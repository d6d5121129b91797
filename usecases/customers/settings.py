"""What can be chosen for customers: where the data comes from, and the number of segments."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from kaizen.config import Frozen


class Data(Frozen):
    """Where the customers come from.

    Attributes:
        source: drawn from a seed, see ``generate.py``.
        rows: how many are drawn.
        seed: of the draw.
        path: a CSV file of your own in their place, with the columns of the data card.
    """

    source: Literal["generated"] = "generated"
    rows: int = Field(2_000, ge=1)
    seed: int = Field(0, ge=0)
    path: Path | None = None


class Params(Frozen):
    """Hyper-parameters.

    Attributes:
        k: number of segments; null chooses the one with the largest silhouette.
        starts: random beginnings of each k-means, of which the best is kept.
    """

    k: int | None = Field(None, ge=2, le=20)
    starts: int = Field(10, ge=1, le=100)
