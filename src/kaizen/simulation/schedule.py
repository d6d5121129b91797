"""Weight laws: a number for each tick, from 0 up."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, NonNegativeFloat, NonNegativeInt, field_validator
from pydantic_core import PydanticCustomError

from kaizen.core.frozen import Frozen

Window = tuple[NonNegativeInt, NonNegativeInt]


class Constant(Frozen):
    """The same at every tick."""

    KIND: Literal["constant"] = "constant"
    value: float = Field(1.0, ge=0)

    def weight(self, tick: int) -> float:  # noqa: ARG002  of a law
        return self.value


class Ramp(Frozen):
    """From one value to another.

    Attributes:
        before, after: at ticks up to ``begin``, and from ``end`` on.
        shape: on the way in between: straight, or slow at both ends.
    """

    KIND: Literal["ramp"] = "ramp"
    before: float = Field(0.0, ge=0)
    after: float = Field(1.0, ge=0)
    begin: NonNegativeInt
    end: NonNegativeInt
    shape: Literal["linear", "smooth"] = "linear"

    @field_validator("end")
    @classmethod
    def _later(cls, end: int, info: object) -> int:
        begin = getattr(info, "data", {}).get("begin")
        if begin is not None and end <= begin:
            raise PydanticCustomError("end", "expected a tick after {begin}", {"begin": begin})
        return end

    def weight(self, tick: int) -> float:
        way = min(1.0, max(0.0, (tick - self.begin) / (self.end - self.begin)))
        way = smooth(way) if self.shape == "smooth" else way
        return self.before + (self.after - self.before) * way


class Bumps(Frozen):
    """Nothing, but for some windows of ticks.

    Attributes:
        windows: first tick, and the first one after it.
        peak: the most within a window.
        edge: ticks for which a window rises at its beginning, and falls at its end; 0 for none.
    """

    KIND: Literal["bumps"] = "bumps"
    windows: tuple[Window, ...] = Field(min_length=1)
    peak: float = Field(1.0, gt=0)
    edge: NonNegativeInt = 0

    @field_validator("windows")
    @classmethod
    def _in_order(cls, windows: tuple[Window, ...]) -> tuple[Window, ...]:
        ends = [tick for window in windows for tick in window]
        rising = all(low <= high for low, high in pairwise(ends))
        if not rising or any(begin == end for begin, end in windows):
            raise PydanticCustomError("windows", "expected [begin, end] in order, none in another")
        return windows

    def weight(self, tick: int) -> float:
        for begin, end in self.windows:
            if begin <= tick < end:
                inside = 1 + min(tick - begin, end - 1 - tick)
                return self.peak * smooth(min(1.0, inside / (self.edge + 1)))
        return 0.0


class Steps(Frozen):
    """From a tick on, until the next that is named; 0 before the first."""

    KIND: Literal["steps"] = "steps"
    at: dict[NonNegativeInt, NonNegativeFloat] = Field(min_length=1)

    def weight(self, tick: int) -> float:
        past = [begin for begin in self.at if begin <= tick]
        return self.at[max(past)] if past else 0.0


def smooth(way: float) -> float:
    """0 to 1 for 0 to 1, level at both ends (the cubic of Hermite's interpolation)."""
    return way * way * (3.0 - 2.0 * way)


def _number(value: object) -> object:
    """A bare number is a constant."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"KIND": "constant", "value": value} if is_number else value


Law = Annotated[
    Annotated[Constant | Ramp | Bumps | Steps, Field(discriminator="KIND")],
    BeforeValidator(_number),
]
