"""Train, validation and holdout: decided by a row's content or its group, never by its place."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kaizen.core.errors import KaizenError
from kaizen.core.settings import FixedSplit, HashSplit
from kaizen.core.usecase import Split
from kaizen.data.digest import row_digests


def split(frame: pd.DataFrame, rule: HashSplit | FixedSplit) -> Split:
    """The three parts of ``frame``, each with a fresh index.

    Raises:
        KaizenError: there are too few rows for a train and a holdout part, or the column that
            keeps rows together is not there.
    """
    parts = _by_hash(frame, rule) if isinstance(rule, HashSplit) else _fixed(frame, rule)
    if parts.train.empty or parts.holdout.empty:
        raise KaizenError(
            f"{len(frame)} rows give {len(parts.train)} to train on and {len(parts.holdout)} to "
            "judge by: both are needed, bring more rows"
        )
    return parts


def positions(frame: pd.DataFrame, key: str) -> np.ndarray:
    """Each row's place in [0, 1), a pure function of its content and ``key``; shape (n,)."""
    digests = row_digests(frame, key)
    return np.array([int.from_bytes(digest[:8], "big") / 2**64 for digest in digests])


def folds(frame: pd.DataFrame, number: int, key: str, by: str | None = None) -> np.ndarray:
    """Each row's fold, 0 to ``number`` - 1, shape (n,): decided by its content, as its part is.

    Equal rows are in one fold, and so are rows with one value in the column ``by``: no model is
    judged by what it has learnt.

    Raises:
        KaizenError: a fold has no rows.
    """
    place = positions(frame if by is None else frame[[by]], f"fold {key}")
    chosen = (place * number).astype(int)
    if len(np.unique(chosen)) < number:
        raise KaizenError(f"{len(frame)} rows are too few for {number} folds: ask for fewer folds")
    return chosen


def _by_hash(frame: pd.DataFrame, rule: HashSplit) -> Split:
    if rule.by is not None and rule.by not in frame:
        known = ", ".join(map(str, frame.columns))
        raise KaizenError(f"split.by is {rule.by!r}: expected one of the columns {known}")
    place = positions(frame if rule.by is None else frame[[rule.by]], rule.key)
    holdout = place < rule.holdout
    validation = ~holdout & (place < rule.holdout + rule.validation)
    return Split(
        train=_part(frame, ~holdout & ~validation),
        validation=_part(frame, validation),
        holdout=_part(frame, holdout),
    )


def _part(frame: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
    return frame.loc[chosen].reset_index(drop=True)


def _fixed(frame: pd.DataFrame, rule: FixedSplit) -> Split:
    from sklearn.model_selection import train_test_split  # 0.8 s, which most runs can do without

    train, holdout = train_test_split(frame, test_size=rule.holdout, random_state=rule.seed)
    return Split(
        train=train.reset_index(drop=True),
        validation=frame.iloc[:0].reset_index(drop=True),
        holdout=holdout.reset_index(drop=True),
    )
