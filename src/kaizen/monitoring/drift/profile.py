"""The reference profile of a model version: fitted once, asked about every window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from kaizen.core import atomic
from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift import (
    calibration,
    fitting,
    histogram_check,
    judge,
    profile_file,
    quality,
    statistics,
    window_values,
)
from kaizen.monitoring.drift import reference as reference_module
from kaizen.monitoring.drift.calibration import Null
from kaizen.monitoring.drift.histogram import Histogram
from kaizen.monitoring.drift.reference import Reference
from kaizen.monitoring.drift.result import DriftResult, Finding
from kaizen.monitoring.drift.statistics import Floats
from kaizen.monitoring.drift.window_values import EMBEDDING, Shape

LEVEL = 0.006
"""P at which a check alarms."""

DRAWS = 4_999

LEAST_DRAWS = 8
"""Draws needed beyond the level: the smallest p is that of one draw for each of seven tests."""

TOLERANCE = 0.1
"""How far a window's rows may be from what was calibrated before it is calibrated anew."""


@dataclass(frozen=True)
class Profile:
    """What windows are compared with. Made by :meth:`fit` or :meth:`from_file`."""

    shape: Shape
    reference: Reference
    nulls: dict[int, Null] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        reference: pd.DataFrame,
        *,
        categorical: Sequence[str] = (),
        embedding: str | Sequence[str] | None = None,
        confidence: str | None = None,
        anchors: pd.DataFrame | None = None,
        window: int,
        seed: int,
        draws: int = DRAWS,
        level: float = LEVEL,
    ) -> Self:
        """Learn what windows of ``window`` rows look like while nothing drifts.

        Args:
            reference: rows without drift that the model has not learnt from, or its answers to them
                are surer than to others. At least twice a window, 20 times for an embedding.
            categorical: columns of numbers that are classes; text and flags always are.
            embedding: a column of vectors, or the columns that make one. Half of the rows become
                anchors that distances are measured from, the other half is the reference.
            confidence: column of the model's confidence; low is suspicious.
            anchors: other rows to measure distances from, so that all of the reference is left. The
                model may have learnt from them: the reference is as far from them as a window is.
            level: share of checks without drift that may alarm.

        Raises:
            KaizenError: the reference cannot be used; the message says why.
        """
        if draws < LEAST_DRAWS / level:
            raise KaizenError(
                f"no profile: {draws:,} draws are too few to tell p = {level:g}: expected "
                f"{round(LEAST_DRAWS / level):,} or more"
            )
        random = np.random.default_rng(seed)
        reference = window_values.named(reference)
        names = fitting.vector_columns(reference, embedding)
        forms = fitting.forms_of(reference, names, categorical, confidence)
        rows, note = fitting.kept(reference, bool(names) and anchors is None, random)
        known = np.empty((0, 0), dtype=np.float32)
        signals: dict[str, int] = {}
        distances: Floats | None = None
        if names:
            one = isinstance(embedding, str)
            vectors = fitting.embedded(rows, names, one)
            if anchors is None:
                half = min(fitting.MOST_ANCHORS, len(rows) // 2)
                near, vectors, rows = vectors[:half], vectors[half:], rows.iloc[half:]
            else:
                order = random.permutation(len(anchors))[: fitting.MOST_ANCHORS]
                some = window_values.named(anchors).iloc[order]
                near = fitting.embedded(some, names, one, vectors.shape[1])
            known = statistics.directions(near)
            distances = statistics.nearest(vectors, known)
            signals[EMBEDDING] = 1
        if confidence is not None:
            signals[confidence] = -1
        fitting.enough(len(rows), window, bool(names) and anchors is None)
        numbers = {
            name: quality.numbers(rows[name])
            for name, kind in forms.items()
            if kind == "number" and name not in categorical
        }
        if distances is not None:
            numbers[EMBEDDING] = distances
        categories = {name: quality.keys(rows[name]) for name in forms if name not in numbers}
        fitting.usable(numbers, categories)
        shape = Shape(
            forms=forms,
            embedding=tuple(names),
            vector=isinstance(embedding, str),
            size=known.shape[1],
            window=window,
            seed=seed,
            draws=draws,
            level=level,
            note=note,
        )
        built = reference_module.build(numbers, categories, signals, known, random)
        profile = cls(shape, built)
        profile.null(window)
        return profile

    @property
    def rows(self) -> int:
        """Rows that windows are compared with."""
        return self.reference.rows

    @property
    def largest_window(self) -> int:
        """Rows of the largest window that can be judged; of larger ones, so many are drawn."""
        return self.rows // 2

    def null(self, window: int) -> Null:
        """The calibration for ``window`` rows, made where there is none near."""
        near = min(self.nulls, key=lambda known: abs(known - window), default=None)
        if near is not None and abs(near - window) <= TOLERANCE * near:
            return self.nulls[near]
        found = calibration.draw(self.reference, window, self.shape.draws, self.shape.seed)
        self.nulls[window] = found
        return found

    def check(self, window: pd.DataFrame) -> DriftResult:
        """Whether ``window`` comes from where the reference came from.

        What is wrong with the window itself is in the result's ``quality``, never an exception.
        """
        rows, notes = window, [self.shape.note] if self.shape.note else []
        if len(rows) < fitting.LEAST_WINDOW:
            found = [quality.too_few(len(rows), fitting.LEAST_WINDOW)]
            return judge.nothing(found, self.rows, len(rows), self._about(0, notes))
        if len(rows) > self.largest_window:
            notes.append(
                f"{len(window):,} rows are too many for a reference of {self.rows:,}: "
                f"{self.largest_window:,} of them were drawn"
            )
            rows = rows.sample(self.largest_window, random_state=self.shape.seed)
        values, labels, findings = window_values.read(self.shape, self.reference, rows)
        readable = np.array(~np.isnan(values).all(axis=0)), np.array((labels >= 0).all(axis=0))
        if not any(read.any() for read in readable):
            return judge.nothing(findings, self.rows, len(rows), self._about(0, notes))
        new = len(self.nulls)
        null = self.null(len(rows))
        if len(self.nulls) > new:
            notes.append(f"calibrated anew for {len(rows):,} rows")
        return judge.judge(
            self.reference,
            null,
            values,
            labels,
            readable,
            findings,
            self._about(null.window, notes),
        )

    def findings(self, window: pd.DataFrame) -> tuple[Finding, ...]:
        """What is wrong with ``window`` itself, whatever its distribution; nothing is compared."""
        if len(window) < fitting.LEAST_WINDOW:
            return (quality.too_few(len(window), fitting.LEAST_WINDOW),)
        return tuple(window_values.read(self.shape, self.reference, window)[2])

    def check_histogram(self, histogram: Histogram) -> DriftResult:
        """Whether the rows that were counted come from where the reference came from.

        Only by tests that follow from counts; the calibration's note names those that do not.
        All rows count, however many. :func:`kaizen.monitoring.drift.scan.histogram` makes
        histograms.

        Raises:
            KaizenError: the histogram was made for another profile.
        """
        least = fitting.LEAST_WINDOW, LEAST_DRAWS
        return histogram_check.check(
            self.shape, self.reference, histogram, self.null, self.largest_window, least
        )

    def row_p(self, window: pd.DataFrame) -> Floats:
        """How unlike the reference each row by itself is, as p values (n,), for streams of rows.

        Raises:
            KaizenError: the profile has neither embedding nor confidence, or the rows cannot be
                read.
        """
        signals = list(self.reference.signals)
        if not signals:
            raise KaizenError("rows have no p value each: the profile has no embedding, confidence")
        values, _, findings = window_values.read(self.shape, self.reference, window, signals)
        for finding in findings:
            if finding.serious and finding.column in signals:
                raise KaizenError(f"rows have no p value each: {finding.detail}")
        return np.exp(-statistics.surprise(self.reference.oddity(values), self.reference.oddities))

    def to_bytes(self) -> bytes:
        """The profile as the content of a file; no pickle."""
        return profile_file.pack(self.shape, self.reference, self.nulls)

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "given") -> Self:
        """Read what :meth:`to_bytes` made; errors call it ``name``.

        Raises:
            KaizenError: it is damaged, cut, or of another version.
        """
        return cls(*profile_file.unpack(content, name, Shape))

    def to_file(self, path: Path) -> None:
        """Write the profile whole or not at all."""
        atomic.write_bytes(path, self.to_bytes())

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read what :meth:`to_file` wrote.

        Raises:
            KaizenError: the file is missing, damaged, cut, or of another version.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise KaizenError(f"there is no profile at {path}: train to make one") from None
        return cls.from_bytes(content, str(path))

    def _about(self, window: int, notes: Sequence[str]) -> Any:
        return judge.about(self.shape.draws, window, self.shape.level, notes)
