"""A world of tables: patients like those of the diabetes data, as many as wanted.

The eleven columns have that data's correlations (of normal scores, rounded to 0.01) and its kinds
of values: whole numbers, one decimal, two classes, a column most of whose values are 3, 4 or 5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

NAMES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "progression")

_UPPER = (
    (17, 23, 32, 27, 23, -10, 22, 27, 31, 19),
    (11, 24, 3, 14, -39, 33, 14, 21, 4),
    (41, 28, 30, -36, 45, 46, 40, 55),
    (25, 19, -17, 26, 38, 39, 40),
    (89, 5, 54, 51, 34, 22),
    (-19, 67, 33, 29, 19),
    (-78, -41, -28, -40),
    (61, 41, 43),
    (47, 55),
    (36,),
)
"""Correlations in hundredths, above the diagonal."""

_SHARES = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
_QUANTILES = {
    "age": ((19, 25, 38.25, 50, 59, 68, 79), 0),
    "sex": ((1, 1, 1, 1.44, 2, 2, 2), 0),
    "bmi": ((18, 20.2, 23.2, 25.7, 29.28, 34.3, 42.2), 1),
    "bp": ((62, 73, 84, 93, 105, 119, 133), 0),
    "s1": ((97, 136, 164.25, 186, 209.75, 250, 301), 0),
    "s2": ((41.6, 69, 96, 113, 134.5, 166.2, 242.4), 1),
    "s3": ((22, 32, 40.25, 48, 57.75, 71, 99), 0),
    "s4": ((2, 2, 3, 4, 5, 6.26, 9.09), 2),
    "s5": ((3.258, 3.85, 4.277, 4.62, 4.997, 5.509, 6.107), 4),
    "s6": ((58, 73, 83.25, 91, 98, 111, 124), 0),
    "progression": ((25, 51, 87, 140.5, 211.5, 282.9, 346), 9),
}
"""Quantiles at ``_SHARES``, and the decimals written down."""


def _root() -> NDArray[np.float64]:
    matrix = np.eye(len(NAMES))
    for row, values in enumerate(_UPPER):
        matrix[row, row + 1 :] = np.array(values) / 100
    whole = matrix + np.triu(matrix, 1).T
    found, vectors = np.linalg.eigh(whole)
    return vectors * np.sqrt(np.maximum(found, 0.01))


_ROOT = _root()


def patients(random: np.random.Generator, rows: int) -> pd.DataFrame:
    """``rows`` patients of the world as it is."""
    scores = random.standard_normal((rows, len(NAMES))) @ _ROOT.T
    shares = norm.cdf(scores / np.sqrt((_ROOT**2).sum(axis=1)))
    columns = {}
    for at, name in enumerate(NAMES):
        quantiles, decimals = _QUANTILES[name]
        columns[name] = np.round(np.interp(shares[:, at], _SHARES, quantiles), decimals)
    # Two of three ratios are noted as whole numbers.
    whole = random.random(rows) < 0.67
    columns["s4"] = np.where(whole, np.round(columns["s4"]), columns["s4"])
    return pd.DataFrame(columns)


Change = Callable[[np.random.Generator, pd.DataFrame], pd.DataFrame]


def shifted(column: str | None, share: float) -> Change:
    """``column``, or any one, higher by a share of its standard deviation."""

    def change(random: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
        name = column or str(random.choice([name for name in NAMES if name != "sex"]))
        decimals = _QUANTILES[name][1]
        # Rounded at random, so that whole numbers move by as much on average.
        aside = random.uniform(-0.5, 0.5, len(rows)) / 10**decimals
        moved = (rows[name] + share * DEVIATIONS[name] + aside).round(decimals)
        return rows.assign(**{name: moved})

    return change


def _unrelated(random: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Each column as it was, and none has to do with another."""
    return rows.apply(lambda column: random.permutation(column.to_numpy()))


def _one_unrelated(random: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(bmi=random.permutation(rows["bmi"].to_numpy()))


def _wider(_: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    middle = rows["bmi"].mean()
    return rows.assign(bmi=(middle + 1.3 * (rows["bmi"] - middle)).round(1))


def _zeroed(random: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(bmi=rows["bmi"].where(random.random(len(rows)) >= 0.05, 0.0))


def _to_median(random: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """One row in twenty is filled with a value within the range."""
    return rows.assign(s5=rows["s5"].where(random.random(len(rows)) >= 0.05, 4.6201))


def _more_women(random: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(sex=rows["sex"].where(random.random(len(rows)) >= 0.3, 2.0))


DEVIATIONS = patients(np.random.default_rng(0), 100_000).std()
"""Of each column."""

CHANGES: dict[str, Change] = {
    "s5 + 0.25 sd": shifted("s5", 0.25),
    "any column + 0.25 sd": shifted(None, 0.25),
    "s5 + 0.5 sd": shifted("s5", 0.5),
    "bmi 1.3 times as wide": _wider,
    "all correlations broken": _unrelated,
    "bmi unrelated to the rest": _one_unrelated,
    "5 % of bmi zero": _zeroed,
    "5 % of s5 one usual value": _to_median,
    "30 % of sex recoded": _more_women,
}
"""What may happen to the world, by name."""
