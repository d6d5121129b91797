"""A window as counts alone: additive, and small however many rows there were."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.reference import Reference
from kaizen.monitoring.drift.statistics import Floats

SCHEMA = 1
ABSENT, EMPTY, MIXED = "absent", "empty", "other"
"""Forms of a column besides those of values: it is not there, has no values, has several kinds."""

Counts = NDArray[np.int64]
_DIGEST = 32


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of a window on the edges and classes of one profile. ``a + b`` is both windows.

    Attributes:
        profile: fingerprint of the reference whose edges and classes these are.
        rows: of the window.
        forms: what each column holds, numbers first: a
        :data:`~kaizen.monitoring.drift.quality.Form`, or
            :data:`ABSENT`.
        numbers: (numbers, width) counts: missing, up to each edge, beyond the last.
        categories: (categories, breadth) counts: each class, and all others.
        lower: (numbers,) rows below everything in the reference.
        infinite: (numbers,) of either sign.
        blank: (categories,) rows without a value.
        low, high: (numbers,) smallest and largest value, inf and -inf where there is none.
    """

    profile: str
    rows: int
    forms: tuple[str, ...]
    numbers: Counts
    categories: Counts
    lower: Counts
    infinite: Counts
    blank: Counts
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __add__(self, other: Self) -> Self:
        """Both windows as one.

        Raises:
            KaizenError: they were made for other profiles.
        """
        same(other, self.profile)
        sums = {
            name: getattr(self, name) + getattr(other, name)
            for name in ("rows", "numbers", "categories", "lower", "infinite", "blank")
        }
        return type(self)(
            profile=self.profile,
            forms=tuple(map(_both, self.forms, other.forms)),
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
            **sums,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def to_bytes(self) -> bytes:
        """As a file's content: SHA-256 of the rest, and compressed JSON; equal ones are equal."""
        found: dict[str, Any] = {"schema": SCHEMA}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in {"low", "high"}:
                value = [float(one).hex() for one in value]
            found[each.name] = value.tolist() if isinstance(value, np.ndarray) else value
        body = zlib.compress(json.dumps(found, sort_keys=True).encode())
        return hashlib.sha256(body).digest() + body

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "given") -> Self:
        """Read what :meth:`to_bytes` made; errors call it ``name``.

        Raises:
            KaizenError: it is damaged, cut, or of another version.
        """
        body = content[_DIGEST:]
        if hashlib.sha256(body).digest() != content[:_DIGEST]:
            raise KaizenError(f"histogram {name} is damaged: count the window again")
        found = json.loads(zlib.decompress(body))
        schema = found.pop("schema")
        if schema != SCHEMA:
            raise KaizenError(
                f"histogram {name} has schema {schema}, this kaizen reads {SCHEMA}: count the "
                "window again"
            )
        return cls(
            profile=found["profile"],
            rows=found["rows"],
            forms=tuple(found["forms"]),
            numbers=_table(found["numbers"]),
            categories=_table(found["categories"]),
            lower=np.array(found["lower"], np.int64),
            infinite=np.array(found["infinite"], np.int64),
            blank=np.array(found["blank"], np.int64),
            low=np.array(list(map(float.fromhex, found["low"])), np.float64),
            high=np.array(list(map(float.fromhex, found["high"])), np.float64),
        )


def _table(rows: list[list[int]]) -> Counts:
    return np.array(rows, np.int64).reshape(len(rows), len(rows[0]) if rows else 0)


def _both(one: str, other: str) -> str:
    """What a column holds of which one part holds this and another part that."""
    for weak in (ABSENT, EMPTY):
        if weak in (one, other):
            return other if one == weak else one
    return one if one == other else MIXED


def fingerprint(reference: Reference) -> str:
    """Names what windows are compared with; the same for every copy of a profile."""
    names = [reference.numbers, reference.categories, reference.classes]
    found = hashlib.sha256(json.dumps(names).encode())
    for array in (reference.edges, reference.values, reference.labels):
        found.update(array.tobytes())
    return found.hexdigest()


def same(histogram: Histogram, profile: str) -> None:
    """Refuse a histogram of another profile."""
    if histogram.profile != profile:
        raise KaizenError(
            f"the histogram was made for profile {histogram.profile[:12]}, not for {profile[:12]}: "
            "their bins differ; count the window again with the profile it is checked by"
        )
