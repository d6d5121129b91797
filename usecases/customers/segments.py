"""k-means in one fixed scale: the indices of each k, the choice of k, and segments in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from kaizen.core.usecase import Array
from usecases.customers.features import AGE, INCOME, NUMBERS, SCORE

Floats = NDArray[np.float64]
CENTRE = np.array([40.0, 60.0, 50.0])
SPREAD = np.array([14.0, 26.0, 26.0])
"""The scale of age, income and score: about the mean and the standard deviation among customers
of a shop. Never learnt: models of different data are compared in the same space."""
KS = range(2, 21)
RULE = "k with the largest mean silhouette on the training rows; of equals the smaller"
JUDGED_ROWS = 5_000
"""Most rows a silhouette is computed on: its cost grows with their square."""

_WORDS = {
    AGE: ((35, "young"), (52, "middle-aged"), (np.inf, "older")),
    INCOME: ((45, "low income"), (72, "middle income"), (np.inf, "high income")),
    SCORE: ((38, "low spending"), (62, "medium spending"), (np.inf, "high spending")),
}
"""Upper ends, not reached, and the word for what lies below."""


@dataclass(frozen=True)
class Fit:
    """k-means for one k and its four indices on the rows it was fitted to."""

    model: Pipeline
    indices: dict[str, float]


def positions(rows: Array) -> Floats:
    """Rows (n, 3) of age, income and score in the fixed scale."""
    return np.asarray((np.asarray(rows, dtype=np.float64) - CENTRE) / SPREAD)


def fit(rows: Array, k: int, starts: int, seed: int) -> Fit:
    """The rows (n, 3) in k segments, numbered by their middles: income, then spending, then age.

    Raises:
        ValueError: there are fewer different rows than segments.
    """
    points = positions(rows)
    # Two points one spread from the centre: a scaler that has learnt the fixed scale.
    scaler = StandardScaler().fit(np.stack([CENTRE - SPREAD, CENTRE + SPREAD]))
    means = KMeans(k, n_init=starts, random_state=seed).fit(points)
    age, income, score = means.cluster_centers_.T
    order = np.lexsort((age, score, income))
    means.cluster_centers_ = np.ascontiguousarray(means.cluster_centers_[order])
    means.labels_ = np.argsort(order)[means.labels_].astype(np.int32)
    model = Pipeline([("scale", scaler), ("segment", means)])
    return Fit(model, _indices(points, means, seed))


def choose(fits: dict[int, Fit]) -> int:
    """The k that :data:`RULE` chooses."""
    return max(sorted(fits), key=lambda k: fits[k].indices["silhouette"])


def described(model: Pipeline, train: pd.DataFrame) -> list[dict[str, Any]]:
    """Each segment in words and numbers: name, rows, share, and the means of its customers."""
    answer = model.predict(train[list(NUMBERS)].to_numpy(float))
    found = []
    for at, name in enumerate(names(model)):
        own = train[answer == at]
        found.append(
            {
                "segment": at + 1,
                "name": name,
                "rows": len(own),
                "share": round(len(own) / len(train), 4),
                "means": {column: round(float(own[column].mean()), 2) for column in NUMBERS},
                "women": round(float((own["Gender"] == "Female").mean()), 4),
            }
        )
    return found


def names(model: Pipeline) -> list[str]:
    """The segments in words, by their middles: "young, high income, low spending"."""
    return [in_words(middle) for middle in model[-1].cluster_centers_ * SPREAD + CENTRE]


def in_words(middle: Sequence[float]) -> str:
    """Age, income and score (3,) of a segment's middle in words."""
    return ", ".join(
        next(word for end, word in _WORDS[column] if value < end)
        for column, value in zip(NUMBERS, middle, strict=True)
    )


def _indices(points: Floats, means: KMeans, seed: int) -> dict[str, float]:
    labels = means.labels_
    sample = min(len(points), JUDGED_ROWS)
    found = {
        "inertia": means.inertia_,
        "silhouette": metrics.silhouette_score(
            points, labels, sample_size=sample, random_state=seed
        ),
        "davies_bouldin": metrics.davies_bouldin_score(points, labels),
        "calinski_harabasz": metrics.calinski_harabasz_score(points, labels),
    }
    return {name: float(value) for name, value in found.items()}
