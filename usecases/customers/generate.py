"""Customers of an invented shop, drawn from a seed around known middles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Blob:
    """One kind of customer: the middle of its age (years), income (k$ a year) and score (1-100)."""

    age: float
    income: float
    score: float
    share: float


BLOBS = (
    Blob(age=25, income=25, score=80, share=0.14),
    Blob(age=46, income=26, score=20, share=0.13),
    Blob(age=26, income=57, score=50, share=0.20),
    Blob(age=58, income=55, score=48, share=0.22),
    Blob(age=33, income=88, score=82, share=0.17),
    Blob(age=42, income=90, score=17, share=0.14),
)
SPREAD = (4.0, 7.0, 7.0)
"""Standard deviation of age, income and score within a kind."""


def customers(rows: int, seed: int, blobs: Sequence[Blob] = BLOBS) -> pd.DataFrame:
    """``rows`` customers, the same ones for the same seed, mixed."""
    random = np.random.default_rng(seed)
    shares = np.array([blob.share for blob in blobs])
    kind = random.choice(len(blobs), rows, p=shares / shares.sum())
    middles = np.array([(blob.age, blob.income, blob.score) for blob in blobs])[kind]
    drawn = np.clip(np.round(random.normal(middles, SPREAD)), (18, 5, 1), (90, 200, 100))
    age, income, score = drawn.astype(np.int64).T
    return pd.DataFrame(
        {
            "CustomerID": np.arange(1, rows + 1),
            "Gender": np.where(random.random(rows) < 0.56, "Female", "Male"),
            "Age": age,
            "Annual Income (k$)": income,
            "Spending Score (1-100)": score,
        }
    )
