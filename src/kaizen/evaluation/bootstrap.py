"""The paired bootstrap: how sure the gain of one model over another is.

Both models answer the same rows, so rows are drawn with replacement and both are scored on each
draw: what is hard for both cancels out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from kaizen.core.usecase import Array
from kaizen.evaluation import resampled_scores
from kaizen.evaluation.resampled_scores import Floats

Direction = Literal["higher", "lower"]

DRAWN_AT_ONCE = 1_000_000
"""Row numbers held in memory at a time."""


def relative_gain(challenger: Any, champion: Any, direction: Direction) -> Floats:
    """The challenger's gain as a share of the champion's score, positive is better.

    Works on numbers and on arrays. Against a champion of 0 a gain is infinite, or 0 when equal.
    """
    challenger, champion = np.asarray(challenger, float), np.asarray(champion, float)
    better = challenger - champion if direction == "higher" else champion - challenger
    with np.errstate(divide="ignore", invalid="ignore"):
        share = better / np.abs(champion)
    return np.where(better == 0, 0.0, share)


def gains(
    metric: str,
    direction: Direction,
    truth: Array,
    challenger: Array,
    champion: Array,
    *,
    resamples: int,
    seed: int,
    positive: Any = None,
) -> Floats:
    """Relative gains (resamples,) of ``challenger`` over ``champion``, each answer (n,).

    A draw on which the score does not exist counts as the worst loss: what cannot be shown is not
    assumed.
    """
    first = resampled_scores.scorer(metric, truth, challenger, positive)
    second = resampled_scores.scorer(metric, truth, champion, positive)
    drawn = np.concatenate(
        [
            relative_gain(first(weights), second(weights), direction)
            for weights in weightings(len(truth), resamples, seed)
        ]
    )
    return np.where(np.isnan(drawn), -np.inf, drawn)


def weightings(rows: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each row is drawn, in blocks of (some draws, rows); each draw sums to ``rows``."""
    random = np.random.default_rng(seed)
    block = max(1, DRAWN_AT_ONCE // rows)
    for start in range(0, resamples, block):
        draws = min(block, resamples - start)
        drawn = random.integers(rows, size=(draws, rows)) + rows * np.arange(draws)[:, None]
        yield np.bincount(drawn.ravel(), minlength=draws * rows).reshape(draws, rows).astype(float)
