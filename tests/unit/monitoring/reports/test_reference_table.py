import numpy as np
import pandas as pd

from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.reports.reference_table import reference_table


def rows(count: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "bmi": random.normal(25, 4, count).round(3),
            "digit": random.integers(0, 10, count),
            "country": random.choice(["France", "Spain"], count),
            "flag": random.random(count) < 0.5,
            "confidence": random.beta(8, 1, count),
        }
    )


def test_the_table_is_what_was_fitted(tmp_path) -> None:
    known = rows(300)
    known.loc[5, "bmi"] = np.nan
    known.loc[6, "country"] = None
    profile = Profile.fit(
        known, categorical=["digit"], confidence="confidence", window=50, seed=0, draws=1999
    )
    profile.to_file(tmp_path / "profile.zip")
    table = reference_table(Profile.from_file(tmp_path / "profile.zip"))
    assert set(table) == set(known)
    assert len(table) == 300
    expected = known.assign(digit=known["digit"].astype(str), flag=known["flag"].astype(str))
    for name in known:
        left, right = (sorted(map(str, side[name].dropna())) for side in (table, expected))
        assert left == right
    names = ["confidence", "digit", "flag"]
    assert set(map(tuple, table[names].values)) == set(map(tuple, expected[names].values))
    assert table["country"].isna().sum() == 1


def test_the_embeddings_distances_are_left_out() -> None:
    known = rows(400).assign(embedding=list(np.random.default_rng(1).normal(size=(400, 4))))
    profile = Profile.fit(
        known, categorical=["digit"], embedding="embedding", window=50, seed=0, draws=1999
    )
    table = reference_table(profile)
    assert "embedding" not in table
    assert len(table) == profile.rows == 200
    assert set(table["confidence"]) <= set(known["confidence"])
