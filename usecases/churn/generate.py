"""Customers of an invented bank, drawn from a seed: the columns of the well-known churn table.

The dependence is of the kind seen in such tables, not copied from one: whoever is around 55, not
active, has one product or more than two, or an account in Germany, leaves more often.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaizen.core.usecase import Array

Floats = NDArray[np.float64]
COUNTRIES = {"France": 0.50, "Germany": 0.25, "Spain": 0.25}
SYLLABLES = ("ba", "do", "fe", "ki", "lu", "mo", "na", "pe", "ra", "so", "ti", "vu")


def customers(rows: int, seed: int) -> pd.DataFrame:
    """``rows`` customers, the same ones for the same seed, about 20 % of whom have left."""
    random = np.random.default_rng(seed)
    country = random.choice(list(COUNTRIES), rows, p=list(COUNTRIES.values()))
    gender = random.choice(["Female", "Male"], rows, p=[0.455, 0.545])
    age = np.clip(np.round(18 + random.gamma(4.6, 4.6, rows)), 18, 92)
    active = random.random(rows) < np.clip(0.45 + 0.004 * (age - 30), 0.2, 0.85)
    german = country == "Germany"
    empty = random.random(rows) < np.where(german, 0.02, 0.48)
    balance = np.where(empty, 0.0, np.clip(random.normal(120_000, 30_000, rows), 3_000, 250_000))
    products = _products(random, empty)
    score = np.clip(np.round(random.normal(650, 97, rows)), 350, 850)
    frame = pd.DataFrame(
        {
            "RowNumber": np.arange(1, rows + 1),
            "CustomerId": 15_500_000 + random.permutation(4 * rows)[:rows],
            "Surname": _surnames(random, rows),
            "CreditScore": score.astype(np.int64),
            "Geography": country,
            "Gender": gender,
            "Age": age.astype(np.int64),
            "Tenure": random.integers(0, 11, rows),
            "Balance": np.round(balance, 2),
            "NumOfProducts": products,
            "HasCrCard": (random.random(rows) < 0.7).astype(np.int64),
            "IsActiveMember": active.astype(np.int64),
            "EstimatedSalary": np.round(random.uniform(12, 200_000, rows), 2),
        }
    )
    return frame.assign(Exited=(random.random(rows) < risk(frame)).astype(np.int64))


def risk(frame: pd.DataFrame) -> Floats:
    """The probability (n,) with which each customer leaves, by the law of this invented bank."""
    age = frame["Age"].to_numpy(float)
    active = frame["IsActiveMember"].to_numpy() == 1
    products = frame["NumOfProducts"].to_numpy()
    logit = (
        -3.35
        + 3.6 * np.exp(-(((age - 56) / 13) ** 2))  # highest at 56, lower before and after
        + np.where(active, -1.1 - 0.9 * (age > 60), 0.25)
        + np.select([products == 1, products == 2, products == 3], [0.75, -1.15, 3.2], 4.6)
        + 0.85 * (frame["Geography"] == "Germany").to_numpy()
        + 0.55 * (frame["Gender"] == "Female").to_numpy()
        + 0.45 * (frame["Balance"].to_numpy() > 100_000)
        - 0.0012 * (frame["CreditScore"].to_numpy(float) - 650)
        - 0.02 * (frame["Tenure"].to_numpy(float) - 5)
    )
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float64)


def _products(random: np.random.Generator, empty: Array) -> Array:
    """How many products: whoever has no balance has two more often; three and four are rare."""
    drawn = random.random(len(empty))
    one = np.where(empty, 0.32, 0.62)
    return np.select([drawn < one, drawn < 0.967, drawn < 0.994], [1, 2, 3], 4)


def _surnames(random: np.random.Generator, rows: int) -> Array:
    """Three syllables each: nobody's name."""
    drawn = random.integers(0, len(SYLLABLES), (rows, 3))
    names = ["".join(SYLLABLES[part] for part in row).capitalize() for row in drawn]
    return np.array(names)
