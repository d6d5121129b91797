import numpy as np
import pandas as pd
import pytest

from kaizen.core.errors import KaizenError
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.reports import evidently_report

pytestmark = pytest.mark.slow


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


def test_the_page_shows_every_column_its_title_and_kaizens_verdict(table: pd.DataFrame) -> None:
    profile = Profile.fit(
        table, categorical=["prediction"], confidence="confidence", window=150, seed=0, draws=1999
    )
    verdict = profile.check(table.assign(confidence=0.1))
    page = evidently_report.html(
        table, table.assign(confidence=0.1), "digits <v3> & more", drift=verdict
    )
    assert "<title>digits &lt;v3&gt; &amp; more</title>" in page
    top = page.split("<body>")[1].partition("<script")[0]
    assert "digits &lt;v3&gt; &amp; more</h1>" in top
    assert f"Verdict: {verdict.summary}." in top
    for column in table:
        assert column in page
    # What Evidently would say of drift by thresholds of its own is nowhere.
    assert "drift detected" not in page.lower()
    assert "drift is" not in page.lower()


def test_odd_columns_do_not_stop_the_report(table: pd.DataFrame) -> None:
    odd = table.assign(
        infinite=np.inf,
        constant=1.0,
        empty=np.nan,
        flag=[True, False] * 150,
        mixed=[None, "a", 3] * 100,
        holes=table["confidence"].where(table["confidence"] > 0.8, np.inf),
        vector=[np.ones(3)] * 300,
    )
    page = evidently_report.html(odd, odd.drop(columns="country"), "odd")
    assert "holes" in page
    assert "mixed" in page
    assert "one side has no values: country, infinite, empty." in page
    assert "Vector is not drawn" in page


def test_nothing_to_draw_is_an_error_in_words() -> None:
    with pytest.raises(KaizenError, match=r"\(a\) and current \(b\)"):
        evidently_report.html(pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]}), "none")
