"""What a scenario of traffic is: who sends how much, when, and how it is changed on the way."""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from kaizen.core.frozen import Frozen
from kaizen.simulation.schedule import Constant, Law
from kaizen.simulation.transforms import AnyTransform, Labels, Share

HOLDOUT, FOREIGN, FILE = "holdout", "foreign:", "file:"
ORIGIN = rf"^({HOLDOUT}|{FOREIGN}.+|{FILE}.+)$"
MOST_ROWS = 100_000
"""Of one tick."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
Origin = Annotated[str, StringConstraints(pattern=ORIGIN)]


class Noise(Frozen):
    """What is wrong with the rows of a source by chance.

    Attributes:
        malformed: share of rows that are spoilt on purpose, to be refused.
        values: standard deviation of what is added to ``columns``, in those of the column.
    """

    malformed: Share = 0.0
    values: float = Field(0.0, ge=0)
    columns: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if bool(self.values) != bool(self.columns):
            raise PydanticCustomError("noise", "expected both values and columns, or neither")
        return self


class Source(Frozen):
    """One kind of rows.

    Attributes:
        origin: ``holdout``, the held-out rows of the served version's own data; ``foreign:NAME``,
            what the use case brings from elsewhere; ``file:PATH``, a CSV file with the use case's
            columns, its path as seen from the project's root.
        law: its weight at each tick. Its share is that of all weights.
        noise: what is wrong by chance.
        transforms: what is done to its rows, in this order.
    """

    origin: Origin = HOLDOUT
    law: Law = Constant()
    noise: Noise = Noise()
    transforms: tuple[AnyTransform, ...] = ()

    @model_validator(mode="after")
    def _draws_once(self) -> Self:
        if sum(isinstance(each, Labels) for each in self.transforms) > 1:
            raise PydanticCustomError("labels", "rows can be drawn by one 'labels' alone")
        return self


class Scenario(Frozen):
    """Traffic over ticks, each a moment at which some rows are sent.

    Attributes:
        about: in words.
        ticks: how many, from 0.
        rows: of each tick: a number, or a law of it.
        sources: by name.
    """

    about: str = ""
    ticks: int = Field(100, ge=1, le=100_000)
    rows: Law = Constant(value=25.0)
    sources: dict[Name, Source] = Field(min_length=1)

    @model_validator(mode="after")
    def _someone_sends(self) -> Self:
        for tick in range(self.ticks):
            found = self._weights(tick)
            if self.size(tick) and not math.fsum(found):
                raise PydanticCustomError(
                    "weights", "no source has a weight at tick {tick}", {"tick": tick}
                )
            if self.size(tick) > MOST_ROWS:
                raise PydanticCustomError(
                    "rows",
                    "{rows} rows at tick {tick}: expected {most} at most",
                    {"rows": self.size(tick), "tick": tick, "most": MOST_ROWS},
                )
        return self

    def size(self, tick: int) -> int:
        """Rows of a tick."""
        return round(self.rows.weight(tick))

    def shares(self, tick: int) -> list[float]:
        """Each source's share of a tick's rows, in their order; all 0 where there are no rows."""
        weights = self._weights(tick)
        total = math.fsum(weights)
        return [weight / total if total else 0.0 for weight in weights]

    def _weights(self, tick: int) -> list[float]:
        return [source.law.weight(tick) for source in self.sources.values()]
