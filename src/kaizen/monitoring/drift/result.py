"""The result of the drift check of one window, and what it is made of."""

from __future__ import annotations

from typing import Literal

from kaizen.core.results import Record

Kind = Literal[
    "missing_column", "new_column", "type", "no_values", "constant", "missing_values",
    "infinite", "rows", "unreadable",
]  # fmt: skip


class Finding(Record):
    """Something wrong with the window itself, whatever its distribution.

    Attributes:
        column: which, or None where it is the window as a whole.
        kind: what is wrong, for programs.
        detail: what was found and what was expected, for people.
        serious: the column, or the window, could not be compared for it.
    """

    column: str | None
    kind: Kind
    detail: str
    serious: bool


class Column(Record):
    """One column of a window beside the reference.

    Attributes:
        name: its name.
        statistic: which test says most: ``ks``, ``ad``, ``chi2`` or ``rare``.
        p: corrected for every other test of the check.
        effect: largest difference of the two cumulated shares (numbers) or half the sum of the
            differences of shares (categories): 0 the same, 1 nothing in common.
        drifted: p is at most the check's level.
    """

    name: str
    statistic: str
    p: float
    effect: float
    drifted: bool


class Test(Record):
    """One family of tests: ``ks``, ``ad``, ``chi2``, ``rare``, ``pairs``, ``mmd``, ``novelty``.

    Attributes:
        name: which.
        p: of this family alone, corrected for its columns.
        effect: its statistic over what windows without drift stay below; 1 is that limit.
        where: the column, or pair of columns, that says most; empty where it is all of them.
    """

    name: str
    p: float
    effect: float
    where: tuple[str, ...] = ()


class Calibration(Record):
    """What the p values stand on.

    Attributes:
        draws: pairs of reference and window drawn from the reference.
        window: rows of window it was made for.
        level: p at which a window is said to have drifted.
        note: in words, also when a window was sampled or calibrated anew.
    """

    draws: int
    window: int
    level: float
    note: str


class DriftResult(Record):
    """The result of one drift check: whether the window drifted, and on what evidence.

    Attributes:
        drifted: p_value is at most the level, and the effect beyond the calibrated noise.
        p_value: one for the whole check, None where nothing could be compared.
        effect: of the family with the smallest p, in units of the calibrated noise.
        columns, tests: what it is made of.
        quality: what is wrong with the window itself.
        reference_rows, window_rows: rows compared.
        calibration: what p_value stands on.
    """

    drifted: bool
    p_value: float | None
    effect: float | None
    columns: tuple[Column, ...]
    tests: tuple[Test, ...]
    quality: tuple[Finding, ...]
    reference_rows: int
    window_rows: int
    calibration: Calibration

    @property
    def comparable(self) -> bool:
        """Whether everything the profile knows could be compared."""
        return self.p_value is not None and not any(found.serious for found in self.quality)

    @property
    def quiet(self) -> bool:
        """Nothing drifted and nothing was wrong: the only result that says all is well."""
        return not self.drifted and not self.quality and self.p_value is not None

    @property
    def summary(self) -> str:
        """One line for people."""
        if self.p_value is None:
            return f"not compared: {self.quality[0].detail}"
        names = [column.name for column in self.columns if column.drifted]
        where = ", ".join(names) if names else "how columns go together"
        said = f"drift in {where}" if self.drifted else "no drift"
        more = f"; {self.quality[0].detail}" if self.quality else ""
        rows = f"{self.window_rows:,} rows beside {self.reference_rows:,}"
        return f"{said} (p = {self.p_value:.2g}, {rows}){more}"
