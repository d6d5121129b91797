"""Pictures of a model's answers on the holdout. No pyplot: nothing is kept between calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn import metrics
from sklearn.decomposition import PCA

from kaizen.core.usecase import Array

BLUE = "#1A5BC9"
NUMBERED_UP_TO = 20
"""Most classes whose cells are large enough to hold a number."""


def confusion_matrix(truth: Array, answer: Array, labels: Sequence[Any]) -> Figure:
    """How often each class (rows) was answered as each class (columns), for n answers."""
    counts = metrics.confusion_matrix(truth, answer, labels=list(labels))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = min(4 + 0.45 * len(labels), 16)
    figure = _figure("confusion_matrix", size, size)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(labels))
    axes.set_xticks(places, [str(label) for label in labels], rotation=90 if size > 10 else 0)
    axes.set_yticks(places, [str(label) for label in labels])
    axes.set_xlabel("answer")
    axes.set_ylabel("truth")
    right = int(np.trace(counts))
    axes.set_title(f"{right:,} of {len(np.asarray(truth)):,} right")
    if len(labels) <= NUMBERED_UP_TO:
        for (row, column), number in np.ndenumerate(counts):
            if number:
                ink = "white" if shares[row, column] > 0.5 else "black"
                text = axes.text(column, row, f"{number:,}", color=ink, fontsize=8)
                text.set(ha="center", va="center")
    return figure


def residuals(truth: Array, answer: Array, unit: str) -> Figure:
    """Answers against truths, and how the errors (answer less truth) are spread; n values."""
    truth, answer = np.asarray(truth, dtype=float), np.asarray(answer, dtype=float)
    errors = answer - truth
    figure = _figure("residuals", 9, 4)
    left, right = figure.subplots(1, 2)
    left.scatter(truth, answer, s=12, color=BLUE, alpha=0.6, linewidths=0)
    ends = [min(truth.min(), answer.min()), max(truth.max(), answer.max())]
    left.plot(ends, ends, color="black", linewidth=1, linestyle="--")
    left.set_xlabel(_with_unit("truth", unit))
    left.set_ylabel(_with_unit("answer", unit))
    right.hist(errors, bins="auto", color=BLUE)
    right.axvline(0, color="black", linewidth=1, linestyle="--")
    right.set_xlabel(_with_unit("answer less truth", unit))
    right.set_ylabel("rows")
    right.set_title(f"mean {errors.mean():.3g}, standard deviation {errors.std():.3g}")
    return figure


def segments(positions: Array, answer: Array) -> Figure:
    """Rows (n, d) on the plane of their two largest principal components, by segment."""
    plane = PCA(2).fit(positions)
    points = plane.transform(positions)
    colours = colormaps["tab20"]
    figure = _figure("segments", 8, 6)
    axes = figure.subplots()
    for at, segment in enumerate(np.unique(answer)):
        own = points[answer == segment]
        axes.scatter(
            own[:, 0], own[:, 1], s=14, color=colours(at % colours.N), alpha=0.7, linewidths=0,
            label=f"{segment}: {len(own):,} rows",
        )  # fmt: skip
        axes.annotate(str(segment), own.mean(axis=0), ha="center", va="center", weight="bold")
    first, second = plane.explained_variance_ratio_
    axes.set_xlabel(f"first principal component ({first:.0%} of the variance)")
    axes.set_ylabel(f"second ({second:.0%})")
    axes.set_title(f"{len(points):,} held-out rows in {len(np.unique(answer))} segments")
    axes.legend(title="segment", bbox_to_anchor=(1.02, 1), loc="upper left", frameon=False)
    return figure


def _figure(name: str, width: float, height: float) -> Figure:
    """An empty figure; its label is the name of the file it is kept in."""
    figure = Figure(figsize=(width, height), layout="constrained", dpi=110, label=name)
    FigureCanvasAgg(figure)
    return figure


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
