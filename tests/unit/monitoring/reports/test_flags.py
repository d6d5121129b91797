"""Each rule is made to fire by one row, and does not by one beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.reports.flags import Rules, differs

DRAWS = 1999


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "bmi": np.linspace(18, 40, 2400),
            "seldom": [np.nan, 1.0] * 1200,
            "country": random.choice(["France", "Spain"], 2400),
            "confidence": np.linspace(0.5, 1, 2400),
            "embedding": list(np.eye(4)[random.integers(0, 2, 2400)]),
        }
    )


@pytest.fixture(scope="module")
def rules(known: pd.DataFrame) -> Rules:
    return Rules(
        Profile.fit(
            known, embedding="embedding", confidence="confidence", window=50, seed=0, draws=DRAWS
        )
    )


def row(**over: object) -> pd.DataFrame:
    usual = {"bmi": 25.0, "seldom": 1.0, "country": "Spain", "confidence": 0.9}
    return pd.DataFrame([{**usual, "embedding": np.eye(4)[0], **over}])


@pytest.mark.parametrize(
    ("over", "rule", "column"),
    [
        ({"confidence": 0.501}, "confidence", "confidence"),
        ({"embedding": np.eye(4)[3], "confidence": 0.6}, "novelty", None),
        ({"bmi": 41.0}, "range", "bmi"),
        ({"bmi": 17.0}, "range", "bmi"),
        ({"country": "Germany"}, "category", "country"),
        ({"bmi": np.nan}, "missing", "bmi"),
        ({"country": None}, "missing", "country"),
    ],
)
def test_a_row_breaks_one_rule(rules: Rules, over, rule, column) -> None:
    ((flag,),) = rules.flags(row(**over))
    assert (flag.rule, flag.column) == (rule, column)


@pytest.mark.parametrize(
    "over",
    [{}, {"confidence": 0.52}, {"bmi": 18.1}, {"country": "France"}, {"seldom": np.nan}],
)
def test_a_usual_row_breaks_none(rules: Rules, over) -> None:
    assert rules.flags(row(**over)) == [[]]


def test_rows_keep_their_places_and_what_is_not_there_is_not_judged(rules: Rules) -> None:
    rows = pd.concat([row(), row(bmi=50.0), row(country="Peru", bmi=1.0)])
    found = rules.flags(rows)
    assert [[flag.rule for flag in flags] for flags in found] == [
        [],
        ["range"],
        ["range", "category"],
    ]
    assert rules.flags(row()[["bmi"]]) == [[]]
    assert rules.flags(row(bmi="a word")) == [[]]


def test_a_small_reference_flags_what_is_odder_than_all_its_rows(known: pd.DataFrame) -> None:
    some = known[::8].drop(columns="seldom")
    few = Rules(Profile.fit(some, embedding="embedding", window=50, seed=0, draws=DRAWS))
    assert few.profile.rows == 150
    ((flag,),) = few.flags(row(embedding=np.eye(4)[3]))
    assert flag.rule == "novelty"
    assert few.flags(row()) == [[]]


def test_clean_rows_are_rarely_flagged(rules: Rules, known: pd.DataFrame) -> None:
    flags = rules.flags(known)
    share = np.mean([bool(found) for found in flags])
    assert 0 < share < 0.03


def test_a_label_contradicts_a_class_that_is_another_and_a_number_that_is_far(rules: Rules) -> None:
    assert differs("cat", "cat") is None
    found = differs("cat", "dog")
    assert found is not None
    assert found.detail == "answered cat, the label is dog"
    assert rules.contradicts("country", "Spain", "Spain") is None
    assert rules.contradicts("country", "Spain", "France") is not None
    spread = float(np.std(rules.profile.reference.values[:, 0]))
    assert rules.profile.reference.numbers[0] == "bmi"
    assert rules.contradicts("bmi", 25.0, 25.0 + 2.9 * spread) is None
    far = rules.contradicts("bmi", 25.0, 25.0 + 3.1 * spread)
    assert far is not None
    assert far.rule == "contradicted"
