"""What can be chosen for customers: where the data comes from, and the number of segments."""

from __future__ import annotations

from pydantic import Field

from kaizen.core.config import Frozen
from kaizen.modeling.generated_data import Generated


class Data(Generated):
    """Where the customers come from."""

    rows: int = Field(2_000, ge=1)


class Params(Frozen):
    """Hyper-parameters.

    Attributes:
        k: number of segments; null chooses the one with the largest silhouette.
        starts: random beginnings of each k-means, of which the best is kept.
    """

    k: int | None = Field(None, ge=2, le=20)
    starts: int = Field(10, ge=1, le=100)
