"""The reference profile of a model version: fitted once, asked about every window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaizen import atomic
from kaizen.errors import KaizenError
from monitoring.drift import calibration, judge, profile_file, quality, statistics
from monitoring.drift import reference as reference_module
from monitoring.drift.calibration import Null
from monitoring.drift.quality import Form
from monitoring.drift.reference import Reference
from monitoring.drift.statistics import Floats
from monitoring.drift.verdict import Finding, Verdict

EMBEDDING = "embedding"
"""What a row's distance to known embeddings is called among the columns."""

LEVEL = 0.006
"""P at which a check alarms."""

DRAWS = 4_999

LEAST_DRAWS = 8
"""Draws needed beyond the level: the smallest p is that of one draw for each of seven tests."""

MOST_ROWS = 10_000
"""Rows of a reference kept; more change no verdict that matters and cost time."""

MOST_ANCHORS = 5_000
LEAST_ROWS = 100
"""Rows of the smallest reference that can be calibrated."""

LEAST_WINDOW = 10
MOST_CLASSES = 1_000
TOLERANCE = 0.1
"""How far a window's rows may be from what was calibrated before it is calibrated anew."""


@dataclass(frozen=True)
class Shape:
    """How windows are read, and how they are judged.

    Attributes:
        forms: columns by name and what they hold; the embedding's are not among them.
        embedding: column of vectors, or columns that make a vector; empty if there is none.
        vector: whether ``embedding`` is one column of vectors.
        size: length of an embedding.
        window: rows of a window.
        seed, draws, level: of the calibration.
        note: what was done to the reference, in words.
    """

    forms: dict[str, Form]
    embedding: tuple[str, ...]
    vector: bool
    size: int
    window: int
    seed: int
    draws: int
    level: float
    note: str


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
        reference = _named(reference)
        names = _vector_columns(reference, embedding)
        forms = _forms(reference, names, categorical, confidence)
        rows, note = _kept(reference, bool(names) and anchors is None, random)
        known = np.empty((0, 0), dtype=np.float32)
        signals: dict[str, int] = {}
        distances: Floats | None = None
        if names:
            vectors = _embedded(rows, names, isinstance(embedding, str))
            if anchors is None:
                half = min(MOST_ANCHORS, len(rows) // 2)
                near, vectors, rows = vectors[:half], vectors[half:], rows.iloc[half:]
            else:
                some = _named(anchors).iloc[random.permutation(len(anchors))[:MOST_ANCHORS]]
                near = _embedded(some, names, isinstance(embedding, str), vectors.shape[1])
            known = statistics.directions(near)
            distances = statistics.nearest(vectors, known)
            signals[EMBEDDING] = 1
        if confidence is not None:
            signals[confidence] = -1
        _enough(len(rows), window, bool(names) and anchors is None)
        numbers = {
            name: quality.numbers(rows[name])
            for name, kind in forms.items()
            if kind == "number" and name not in categorical
        }
        if distances is not None:
            numbers[EMBEDDING] = distances
        categories = {name: quality.keys(rows[name]) for name in forms if name not in numbers}
        _usable(numbers, categories)
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

    def check(self, window: pd.DataFrame) -> Verdict:
        """Whether ``window`` comes from where the reference came from.

        What is wrong with the window itself is in the verdict's ``quality``, never an exception.
        """
        rows, notes = window, [self.shape.note] if self.shape.note else []
        if len(rows) < LEAST_WINDOW:
            found = [quality.too_few(len(rows), LEAST_WINDOW)]
            return judge.nothing(found, self.rows, len(rows), self._about(0, notes))
        if len(rows) > self.largest_window:
            notes.append(
                f"{len(window):,} rows are too many for a reference of {self.rows:,}: "
                f"{self.largest_window:,} of them were drawn"
            )
            rows = rows.sample(self.largest_window, random_state=self.shape.seed)
        values, labels, findings = self._read(rows)
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

    def row_p(self, window: pd.DataFrame) -> Floats:
        """How unlike the reference each row by itself is, as p values (n,), for streams of rows.

        Raises:
            KaizenError: the profile has neither embedding nor confidence, or the rows cannot be
                read.
        """
        signals = list(self.reference.signals)
        if not signals:
            raise KaizenError("rows have no p value each: the profile has no embedding, confidence")
        values, _, findings = self._read(window, signals)
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

    def _read(
        self, rows: pd.DataFrame, only: Sequence[str] | None = None
    ) -> tuple[Floats, NDArray[np.int64], list[Finding]]:
        """Numbers and categories in the reference's order; what cannot be read is NaN and -1."""
        shape, built = self.shape, self.reference
        rows = _named(rows)
        inputs = rows.drop(columns=[name for name in shape.embedding if name in rows])
        findings = quality.columns(inputs, shape.forms)
        bad = {finding.column for finding in findings if finding.serious}
        values = np.full((len(rows), len(built.numbers)), np.nan)
        for at, name in enumerate(built.numbers):
            if name == EMBEDDING and shape.embedding:
                vectors = _vectors(rows, shape.embedding, shape.vector, shape.size)
                if vectors is None:
                    findings.append(quality.not_vectors(EMBEDDING, shape.size))
                else:
                    values[:, at] = statistics.nearest(vectors, built.anchors)
            elif name not in bad and (only is None or name in only):
                values[:, at] = quality.numbers(inputs[name])
                findings += quality.values(name, values[:, at], built.values[:, at])
        labels = np.full((len(rows), len(built.categories)), -1, dtype=np.int64)
        if only is None:
            for at, name in enumerate(built.categories):
                if name not in bad:
                    column, known = quality.keys(inputs[name]), built.classes[at]
                    findings += quality.labels(name, column, known)
                    labels[:, at] = reference_module.encode([column], (known,), len(rows))[:, 0]
        return values, labels, findings


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    """The table with names of columns as text."""
    return rows.set_axis([str(name) for name in rows.columns], axis=1)


def _vector_columns(rows: pd.DataFrame, embedding: str | Sequence[str] | None) -> list[str]:
    names = [embedding] if isinstance(embedding, str) else list(embedding or ())
    for name in names:
        if name not in rows:
            raise KaizenError(f"no profile: the reference lacks the embedding's column {name!r}")
    return names


def _vectors(
    rows: pd.DataFrame, names: Sequence[str], vector: bool, size: int | None = None
) -> Floats | None:
    if any(name not in rows for name in names):
        return None
    if vector:
        return quality.vectors(rows[names[0]], size)
    if any(quality.form(rows[name]) != "number" for name in names):
        return None
    found = np.column_stack([quality.numbers(rows[name]) for name in names])
    return found if np.isfinite(found).all() else None


def _embedded(
    rows: pd.DataFrame, names: Sequence[str], vector: bool, size: int | None = None
) -> Floats:
    found = _vectors(rows, names, vector, size)
    if found is None or not len(found):
        raise KaizenError(
            f"no profile: embedding {', '.join(names)[:80]} is not one finite vector of one length "
            "per row"
        )
    return found


def _forms(
    rows: pd.DataFrame,
    embedding: Sequence[str],
    categorical: Sequence[str],
    confidence: str | None,
) -> dict[str, Form]:
    known = [str(name) for name in rows.columns]
    twice = {name for name in known if known.count(name) > 1}
    if twice:
        raise KaizenError(f"no profile: the reference has {', '.join(sorted(twice))} twice")
    for name in (*categorical, *([confidence] if confidence is not None else [])):
        if name not in rows:
            raise KaizenError(f"no profile: the reference lacks column {name!r}")
    forms = {str(name): quality.form(rows[name]) for name in rows if name not in embedding}
    if EMBEDDING in forms and embedding:
        raise KaizenError(f"no profile: a column is called {EMBEDDING!r} besides the embedding")
    for name, kind in forms.items():
        if kind == "empty":
            raise KaizenError(f"no profile: column {name} of the reference has no values")
        if kind == "other":
            raise KaizenError(
                f"no profile: column {name} of the reference holds neither numbers, text nor flags"
            )
    if confidence is not None and (forms[confidence] != "number" or confidence in categorical):
        raise KaizenError(f"no profile: confidence {confidence} does not hold numbers")
    return forms


def _kept(
    rows: pd.DataFrame, halved: bool, random: np.random.Generator
) -> tuple[pd.DataFrame, str]:
    """The rows kept, in random order, and what was done in words."""
    most = MOST_ROWS + (MOST_ANCHORS if halved else 0)
    order = random.permutation(len(rows))[:most]
    note = f"{most:,} of the reference's {len(rows):,} rows were drawn" if len(rows) > most else ""
    return rows.iloc[order], note


def _enough(rows: int, window: int, halved: bool) -> None:
    if window < LEAST_WINDOW:
        raise KaizenError(
            f"no profile: a window of {window:,} rows, expected {LEAST_WINDOW:,} or more"
        )
    least = max(LEAST_ROWS, 2 * window)
    if rows < least:
        half = " beside the anchors of the embedding" if halved else ""
        raise KaizenError(
            f"no profile: the reference has {rows:,} rows{half}, a window of {window:,} needs "
            f"{least:,} or more: give more rows, or windows of {max(rows // 2, 0):,} at most"
        )


def _usable(numbers: dict[str, Floats], categories: dict[str, NDArray[np.object_]]) -> None:
    if not numbers and not categories:
        raise KaizenError("no profile: the reference has no columns")
    for name, values in numbers.items():
        if np.isinf(values).any():
            raise KaizenError(f"no profile: column {name} of the reference holds infinite values")
        if np.isnan(values).all():
            raise KaizenError(f"no profile: column {name} of the reference has no values")
    for name, labels in categories.items():
        distinct = len(set(labels.tolist()))
        if distinct > min(MOST_CLASSES, len(labels) // 2):
            raise KaizenError(
                f"no profile: column {name} has {distinct:,} values in {len(labels):,} rows, too "
                "many for categories: leave it out"
            )
