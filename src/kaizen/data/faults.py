"""What can be wrong with data, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from kaizen.core.errors import KaizenError

Kind = Literal[
    "empty", "encoding", "table", "schema", "type", "missing", "value", "distribution", "duplicates"
]


@dataclass(frozen=True)
class Fault:
    """One kind of failure.

    Attributes:
        kind: which.
        message: in words, naming the column, the rule and what was found.
        column: where, None for the whole data set.
        rows: how many rows fail; 0 where the data set fails as a whole.
        examples: a few of the failing values, as text.
    """

    kind: Kind
    message: str
    column: str | None = None
    rows: int = 0
    examples: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


class BadData(KaizenError):
    """Data that must not be trained on. One line for the whole, then one per fault.

    Attributes:
        faults: what is wrong, never empty.
        path: the file it was read from, where it could not even be read.
        kept: where the data is quarantined, once it is.
    """

    def __init__(
        self,
        what: str,
        faults: Sequence[Fault],
        path: Path | None = None,
        kept: Path | None = None,
    ) -> None:
        self.what = what
        self.faults = tuple(faults)
        self.path = path
        self.kept = kept
        place = f"; kept in {kept}" if kept else ""
        lines = [f"{what} cannot be trained on{place}", *(f"  {f.message}" for f in self.faults)]
        super().__init__("\n".join(lines))


def shown(values: Sequence[Any], most: int = 3, width: int = 40) -> tuple[str, ...]:
    """A few distinct values as short text."""
    texts = dict.fromkeys(repr(value) for value in values)
    return tuple(
        text if len(text) <= width else text[: width - 1] + "…" for text in list(texts)[:most]
    )
