"""What is done to the rows of a source before they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from kaizen.core.errors import UsageError, unknown
from kaizen.core.frozen import Frozen
from kaizen.simulation.row_source import Pool, changed, numbers

Random = np.random.Generator
Row = dict[str, Any]
Group = tuple[np.ndarray, float]
"""Positions in a pool, and the share of rows that come from them."""
Share = Annotated[float, Field(ge=0, le=1)]


class Transform(Frozen):
    """Changes rows of the data set, or the requests made of them; most do one of the two."""

    def check(self, pool: Pool) -> None:
        """Raises UsageError where it cannot be done to rows of ``pool``."""

    def rows(self, frame: pd.DataFrame, pool: Pool, random: Random) -> pd.DataFrame:  # noqa: ARG002
        """Some rows of ``pool``, changed."""
        return frame

    def request(self, row: Row, random: Random) -> Row:  # noqa: ARG002
        """The JSON of a row, changed."""
        return row

    def groups(self, pool: Pool) -> list[Group] | None:  # noqa: ARG002
        """Which rows are drawn how often; None for all alike."""
        return None


class _OfColumn(Transform):
    column: str

    def check(self, pool: Pool) -> None:
        numbers(pool.column(self.column).head(1), pool.name)


class Shift(_OfColumn):
    """A column moves by so many of its standard deviations."""

    KIND: Literal["shift"] = "shift"
    by: float

    def rows(self, frame: pd.DataFrame, pool: Pool, random: Random) -> pd.DataFrame:  # noqa: ARG002
        far = self.by * pool.spread(self.column)
        return _with(frame, self.column, changed(frame[self.column], lambda x: x + far, pool.name))


class Scale(_OfColumn):
    """A column is multiplied."""

    KIND: Literal["scale"] = "scale"
    by: float = Field(gt=0)

    def rows(self, frame: pd.DataFrame, pool: Pool, random: Random) -> pd.DataFrame:  # noqa: ARG002
        moved = changed(frame[self.column], lambda x: x * self.by, pool.name)
        return _with(frame, self.column, moved)


class Unit(_OfColumn):
    """A column comes in another unit: grams for kilograms."""

    KIND: Literal["unit"] = "unit"
    factor: float = Field(1000.0, gt=0)

    def rows(self, frame: pd.DataFrame, pool: Pool, random: Random) -> pd.DataFrame:  # noqa: ARG002
        moved = changed(frame[self.column], lambda x: x * self.factor, pool.name, whole=False)
        return _with(frame, self.column, moved)


class Freeze(Transform):
    """A column stays at one value: the one given, or the source's first."""

    KIND: Literal["freeze"] = "freeze"
    column: str
    value: float | str | None = None

    def check(self, pool: Pool) -> None:
        pool.column(self.column)

    def rows(self, frame: pd.DataFrame, pool: Pool, random: Random) -> pd.DataFrame:  # noqa: ARG002
        value = pool.frame[self.column].iloc[0] if self.value is None else self.value
        return _with(frame, self.column, pd.Series([value] * len(frame), frame.index))


class Blank(Transform):
    """A field of the request is null in a share of rows."""

    KIND: Literal["blank"] = "blank"
    column: str
    share: Share = 1.0

    def check(self, pool: Pool) -> None:
        pool.field(self.column)

    def request(self, row: Row, random: Random) -> Row:
        return {**row, self.column: None} if random.random() < self.share else row


class Category(Transform):
    """A field of the request has a value that was never seen in a share of rows."""

    KIND: Literal["category"] = "category"
    column: str
    value: str | float
    share: Share = 1.0

    def check(self, pool: Pool) -> None:
        pool.field(self.column)
        if self.value in set(pool.column(self.column)):
            raise UsageError(
                f"{self.column} of source {pool.name!r} is {self.value!r} in some rows already: "
                "expected a value that is not known"
            )

    def request(self, row: Row, random: Random) -> Row:
        return {**row, self.column: self.value} if random.random() < self.share else row


class Labels(Transform):
    """Label shift: rows are drawn so that what is true of them has other shares.

    Attributes:
        shares: of classes by their label; those that are not named get no rows.
        above: of rows whose truth is above its median, where it is a number.
    """

    KIND: Literal["labels"] = "labels"
    shares: dict[int | str, Annotated[float, Field(ge=0)]] | None = None
    above: Share | None = None

    def check(self, pool: Pool) -> None:
        self.groups(pool)

    def groups(self, pool: Pool) -> list[Group]:
        truth = pool.truth("labels cannot be drawn otherwise")
        if (self.shares is None) == (self.above is None):
            raise UsageError("labels: expected either shares of classes, or a share above")
        if self.above is not None:
            high = numbers(truth, pool.name) > pool.middle(str(truth.name))
            found = [(np.flatnonzero(high), self.above), (np.flatnonzero(~high), 1 - self.above)]
            return _filled(found, pool, ("above its median", "at most its median"))
        shares = self.shares or {}
        known = {str(label): label for label in pool.case.labels}
        for label in shares:
            if str(label) not in known:
                raise unknown(f"class of {pool.case.name}", str(label), known)
        total = sum(shares.values())
        if not total:
            raise UsageError("labels: the shares of all classes are 0")
        found = [
            (np.flatnonzero((truth == known[str(label)]).to_numpy()), share / total)
            for label, share in shares.items()
        ]
        return _filled(found, pool, [str(label) for label in shares])


class Concept(Transform):
    """Inputs as they are, another truth: the next class, or a truth that is so much higher.

    Attributes:
        share: of the rows that are meant.
        column: only where this column is above its median; None for all rows.
        shift: standard deviations of the truth that are added where it is a number.
    """

    KIND: Literal["concept"] = "concept"
    share: Share = 1.0
    column: str | None = None
    shift: float = 1.0

    def check(self, pool: Pool) -> None:
        truth = pool.truth("it cannot change")
        if self.column is not None:
            numbers(pool.column(self.column).head(1), pool.name)
        if not pool.case.labels:
            numbers(truth.head(1), pool.name)

    def rows(self, frame: pd.DataFrame, pool: Pool, random: Random) -> pd.DataFrame:
        meant = random.random(len(frame)) < self.share
        if self.column is not None:
            values = numbers(frame[self.column], pool.name)
            values = values if values.ndim == 1 else values.mean(axis=1)
            meant &= values > pool.middle(self.column)
        target = str(pool.case.target)
        truth = frame[target]
        labels = list(pool.case.labels)
        if labels:
            following = dict(zip(labels, [*labels[1:], labels[0]], strict=True))
            return _with(frame, target, truth.where(~meant, truth.map(following)))
        return _with(frame, target, truth + meant * self.shift * pool.spread(target))


AnyTransform = Annotated[
    Shift | Scale | Unit | Freeze | Blank | Category | Labels | Concept,
    Field(discriminator="KIND"),
]


def _with(frame: pd.DataFrame, name: str, column: pd.Series) -> pd.DataFrame:
    return frame.assign(**{name: column})


def _filled(groups: list[Group], pool: Pool, names: Sequence[str]) -> list[Group]:
    for (positions, share), name in zip(groups, names, strict=True):
        if share and not len(positions):
            raise UsageError(
                f"source {pool.name!r} has no row whose truth is {name}: none can be drawn"
            )
    return groups
