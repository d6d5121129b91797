"""What can be chosen for diabetes: where the data comes from, and the hyper-parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from kaizen.core.config import Frozen


class Data(Frozen):
    """Where the patients come from.

    Attributes:
        source: the 442 rows that scikit-learn carries, scaled as published.
        path: a CSV file of your own in their place, with the ten measures and ``target``.
    """

    source: Literal["packaged"] = "packaged"
    path: Path | None = None


class Params(Frozen):
    """Hyper-parameters.

    Attributes:
        alpha: strength of the L2 penalty.
    """

    alpha: float = Field(0.4, ge=0)
