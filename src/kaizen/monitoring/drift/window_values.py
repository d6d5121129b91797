"""How the rows of a window are read: numbers and categories in the reference's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaizen.monitoring.drift import quality, statistics
from kaizen.monitoring.drift import reference as reference_module
from kaizen.monitoring.drift.quality import Form
from kaizen.monitoring.drift.reference import Reference
from kaizen.monitoring.drift.result import Finding
from kaizen.monitoring.drift.statistics import Floats

EMBEDDING = "embedding"
"""What a row's distance to known embeddings is called among the columns."""


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


def read(
    shape: Shape, built: Reference, rows: pd.DataFrame, only: Sequence[str] | None = None
) -> tuple[Floats, NDArray[np.int64], list[Finding]]:
    """Numbers and categories in the reference's order; what cannot be read is NaN and -1."""
    rows = named(rows)
    inputs = rows.drop(columns=[name for name in shape.embedding if name in rows])
    findings = quality.columns(inputs, shape.forms)
    bad = {finding.column for finding in findings if finding.serious}
    values = np.full((len(rows), len(built.numbers)), np.nan)
    for at, name in enumerate(built.numbers):
        if name == EMBEDDING and shape.embedding:
            found = vectors(rows, shape.embedding, shape.vector, shape.size)
            if found is None:
                findings.append(quality.not_vectors(EMBEDDING, shape.size))
            else:
                values[:, at] = statistics.nearest(found, built.anchors)
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


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """The table with names of columns as text."""
    return rows.set_axis([str(name) for name in rows.columns], axis=1)


def vectors(
    rows: pd.DataFrame, names: Sequence[str], vector: bool, size: int | None = None
) -> Floats | None:
    """The embedding of each row, (n, d); None where it is not one finite vector per row."""
    if any(name not in rows for name in names):
        return None
    if vector:
        return quality.vectors(rows[names[0]], size)
    if any(quality.form(rows[name]) != "number" for name in names):
        return None
    found = np.column_stack([quality.numbers(rows[name]) for name in names])
    return found if np.isfinite(found).all() else None
