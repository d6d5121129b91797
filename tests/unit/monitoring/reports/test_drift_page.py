import numpy as np
import pandas as pd
import pytest

from kaizen.errors import KaizenError
from monitoring.reports import drift_page


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "prediction": random.integers(0, 10, 300),
            "confidence": random.beta(8, 1, 300),
            "country": random.choice(["France", "Spain"], 300),
        }
    )


def test_the_page_shows_every_column_and_its_title(table: pd.DataFrame) -> None:
    page = drift_page.html(table, table.assign(confidence=0.1), "digits <v3> & more")
    assert "<title>digits &lt;v3&gt; &amp; more</title>" in page
    assert "<h1" in page.split("<body>")[1][:60]
    for column in table:
        assert column in page
    # Two classes and the prediction's ten are classes, the confidence is an amount.
    assert page.count("chi-square") + page.count("Z-test") > 0


def test_odd_columns_do_not_stop_the_report(table: pd.DataFrame) -> None:
    odd = table.assign(
        infinite=np.inf,
        constant=1.0,
        empty=np.nan,
        flag=[True, False] * 150,
        mixed=[None, "a", 3] * 100,
        holes=table["confidence"].where(table["confidence"] > 0.8, np.inf),
    )
    page = drift_page.html(odd, odd.drop(columns="country"), "odd")
    assert "holes" in page
    assert "mixed" in page


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
        drift_page.html(reference, current, "none")


def test_whole_numbers_are_classes_while_they_are_few() -> None:
    frame = pd.DataFrame(
        {"digit": [0, 1] * 20, "year": range(40), "share": 0.5, "flag": True, "text": "a"}
    )
    assert drift_page._kinds(frame, frame) == (["year", "share"], ["digit", "flag", "text"])


def test_the_sample_is_seeded_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_page, "MOST_ROWS", 10)
    frame = pd.DataFrame({"a": np.arange(100.0)})
    first, again, other = (drift_page._sample(frame, ["a"], [], seed)["a"] for seed in (0, 0, 1))
    assert len(first) == 10
    assert first.tolist() == again.tolist() != other.tolist()
