import numpy as np
import pandas as pd
import pytest

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.reports import alignment as module
from kaizen.monitoring.reports.alignment import MOST_BARS, OTHERS, kinds, reference_table, sides


@pytest.mark.parametrize(
    ("reference", "current", "reason"),
    [
        (pd.DataFrame({"a": []}), pd.DataFrame({"a": [1.0]}), "reference side has no rows"),
        (pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": []}), "current side has no rows"),
        (pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]}), r"\(a\) and current \(b\)"),
        (pd.DataFrame({"a": [np.nan]}), pd.DataFrame({"a": [1.0]}), "no column that has values"),
    ],
)
def test_nothing_to_draw_is_an_error_in_words(
    reference: pd.DataFrame, current: pd.DataFrame, reason: str
) -> None:
    with pytest.raises(KaizenError, match=reason):
        sides(reference, current)


def test_whole_numbers_are_classes_while_they_are_few() -> None:
    frame = pd.DataFrame(
        {"digit": [0, 1] * 20, "year": range(40), "share": 0.5, "flag": True, "text": "a"}
    )
    assert kinds(frame, frame) == (["year", "share"], ["digit", "flag", "text"])


def test_a_class_is_the_same_word_on_both_sides_however_it_is_stored() -> None:
    kept = pd.DataFrame({"digit": ["3", None, "7"], "flag": ["True", "False", None]})
    seen = pd.DataFrame({"digit": [3.0, np.nan, 7.0], "flag": [True, False, None]})
    found = sides(kept, seen)
    assert found.reference.equals(found.window)
    assert found.window["digit"].tolist() == ["3", None, "7"]
    assert found.reference_digest == found.digest


def test_the_sample_is_seeded_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    frame = pd.DataFrame({"a": np.arange(100.0)})
    first, again, other = (sides(frame, frame, seed=seed).window["a"] for seed in (0, 0, 1))
    assert len(first) == 10
    assert first.tolist() == again.tolist() != other.tolist()
    found = sides(frame, frame[:10])
    assert found.notes == ("10 of the reference's 100 rows are drawn",)
    # Another row that is not drawn is another window all the same.
    for at in range(100):
        changed = sides(frame, frame.assign(a=frame["a"].where(frame.index != at, -1.0)))
        assert changed.digest != sides(frame, frame).digest


def test_a_wide_table_is_cut_to_its_first_columns_and_says_so() -> None:
    wide = pd.DataFrame(np.zeros((3, 50)), columns=[f"c{at}" for at in range(50)])
    found = sides(wide, wide, first=["c49", "gone", "c7"], most_columns=4)
    assert list(found.window) == ["c49", "c7", "c0", "c1"]
    assert found.notes == ("4 of 50 columns are drawn",)


def test_a_column_of_many_classes_is_cut_to_its_most_frequent() -> None:
    many = pd.DataFrame({"name": [f"n{at}" for at in range(100)] + ["often"] * 5})
    found = sides(many, many)
    assert found.window["name"].nunique() == MOST_BARS + 1
    assert "often" in set(found.window["name"])
    assert (found.window["name"] == OTHERS).sum() == 105 - (MOST_BARS - 1) - 5
    assert found.notes == (f"name has 101 values, the {MOST_BARS} most frequent are drawn",)


def test_a_column_of_vectors_is_left_out_in_words() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "embedding": [np.ones(2), np.zeros(2)]})
    found = sides(frame, frame)
    assert list(found.window) == ["x"]
    assert "embedding is not drawn" in found.notes[0]


def test_numbers_that_differ_by_rounding_alone_are_one_number() -> None:
    frame = pd.DataFrame({"x": [0.1 + 0.2, 0.3, np.nan], "y": [0.0, 1e-9, 1e-9]})
    found = sides(frame, frame[:2]).reference
    assert found["x"].nunique() == 1
    assert found["x"].isna().sum() == 1
    assert found["y"].nunique() == 2


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
