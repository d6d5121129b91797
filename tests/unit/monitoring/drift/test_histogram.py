"""Histograms: counted by DuckDB as a check bins, additive, and checked as rows are."""

from __future__ import annotations

import re
from functools import reduce
from operator import add
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from kaizen.core.errors import KaizenError, UsageError
from kaizen.monitoring import Profile
from kaizen.monitoring.drift import histogram_check, hypergeometric_null, window_values
from kaizen.monitoring.drift.histogram import Histogram
from kaizen.monitoring.drift.scan import histogram

DRAWS = 1_499


def world(seed: int, rows: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": random.normal(10, 2, rows),
            "wait": np.where(random.random(rows) < 0.1, np.nan, random.exponential(5, rows)),
            "age": random.integers(18, 80, rows),
            "country": random.choice(["France", "Spain", "Peru"], rows, p=[0.6, 0.3, 0.1]),
            "grade": random.integers(1, 6, rows),
            "member": random.random(rows) < 0.3,
        }
    )


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.fit(world(0, 1000), categorical=["grade"], window=200, seed=0, draws=DRAWS)


def counts(profile: Profile, rows: pd.DataFrame) -> Histogram:
    with duckdb.connect() as connection:
        return histogram(profile, connection.from_df(rows))


def odd(seed: int, rows: int) -> pd.DataFrame:
    """What SQL and numpy take differently."""
    found = world(seed, rows)
    found.loc[:9, "size"] = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e300, -1e300, 10, 9, 8]
    found["age"] = found["age"].astype("Int64").mask(found.index % 7 == 0)
    found["country"] = found["country"].mask(found.index % 11 == 0).replace("Peru", "Ångström, 'x'")
    found["grade"] = found["grade"].astype(float).mask(found.index % 13 == 0).replace(5.0, 5.5)
    found["member"] = found["member"].astype("boolean").mask(found.index % 17 == 0)
    return found


@pytest.mark.parametrize("rows", [world(1, 500), odd(2, 500)])
def test_every_count_is_that_of_a_check(profile: Profile, rows: pd.DataFrame) -> None:
    values, labels, findings = window_values.read(profile.shape, profile.reference, rows)
    numbers, categories = profile.reference.counts_of(values, labels)
    found = counts(profile, rows)
    assert_array_equal(found.numbers, numbers[0])
    assert_array_equal(found.categories, categories[0])
    assert found.rows == 500
    assert profile.check_histogram(found).quality == tuple(findings)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows,
        lambda rows: rows.assign(size=rows["size"] + 1),
        lambda rows: rows.assign(country="Spain"),
        lambda rows: rows.assign(country=["Mars"] * 12 + list(rows["country"])[12:]),
        lambda rows: rows.assign(age=[-1] * 12 + list(rows["age"])[12:]),
        lambda rows: rows.assign(wait=None),
        lambda rows: rows.drop(columns="age"),
        lambda rows: rows.assign(member="yes"),
    ],
)
def test_the_verdict_is_that_of_the_rows(profile: Profile, change) -> None:
    rows = change(world(3, 200))
    whole, found = profile.check(rows), profile.check_histogram(counts(profile, rows))
    p = {test.name: (test.p, test.effect, test.where) for test in whole.tests}
    for test in found.tests:
        if test.name != "rare":
            assert (test.p, test.effect, test.where) == p[test.name]
        # Its draws know repeated numbers, too.
        assert test.p >= p[test.name][0] or test.name != "rare"
    assert {test.name for test in found.tests} == set(p) & set(histogram_check.FAMILIES)
    assert found.drifted == whole.drifted
    assert found.quality == whole.quality
    assert {(each.name, each.effect) for each in found.columns} == {
        (each.name, each.effect) for each in whole.columns
    }
    assert "pairs, mmd and numbers that repeat were not looked at" in found.calibration.note


def test_what_counts_cannot_tell_is_not_claimed(profile: Profile) -> None:
    repeated = world(4, 200)
    repeated.loc[:11, "size"] = 9.87
    assert profile.check(repeated).drifted
    verdict = profile.check_histogram(counts(profile, repeated))
    assert not verdict.drifted
    assert "numbers that repeat" in verdict.calibration.note


def test_hours_add_up_to_a_day(profile: Profile) -> None:
    day = odd(5, 2400)
    hours = [counts(profile, day.iloc[at : at + 100]) for at in range(0, 2400, 100)]
    assert reduce(add, hours) == counts(profile, day)
    assert reduce(add, hours) != counts(profile, day.iloc[:-1])


def test_an_hour_without_values_adds_missing_ones(profile: Profile) -> None:
    parts = [world(6, 100), world(7, 100).assign(country=None, size=None)]
    parts.append(world(8, 100).drop(columns=["country", "size"]))
    together = reduce(add, [counts(profile, part) for part in parts])
    assert together == counts(profile, pd.concat(parts))
    assert profile.check_histogram(together).comparable


def test_a_column_of_two_kinds_is_not_compared(profile: Profile) -> None:
    one, other = world(6, 100), world(7, 100).assign(size="large")
    verdict = profile.check_histogram(counts(profile, one) + counts(profile, other))
    assert [found.kind for found in verdict.quality] == ["type"]
    assert not verdict.comparable


def test_a_file_keeps_it_and_damage_is_refused(profile: Profile) -> None:
    found = counts(profile, odd(9, 300))
    content = found.to_bytes()
    assert Histogram.from_bytes(content) == found
    with pytest.raises(ValueError, match="read-only"):
        found.numbers[0, 0] = 1
    for at in range(0, len(content), 37):
        broken = bytearray(content)
        broken[at] ^= 4
        with pytest.raises(KaizenError, match="histogram mine is damaged"):
            Histogram.from_bytes(bytes(broken), "mine")
        with pytest.raises(KaizenError, match="damaged"):
            Histogram.from_bytes(content[:at])


def test_another_profile_is_refused(profile: Profile) -> None:
    other = Profile.fit(world(1, 1000), categorical=["grade"], window=200, seed=0, draws=DRAWS)
    mine, theirs = counts(profile, world(2, 100)), counts(other, world(2, 100))
    name = re.escape(theirs.profile[:12])
    with pytest.raises(KaizenError, match=f"made for profile {name}"):
        mine + theirs
    with pytest.raises(KaizenError, match=f"made for profile {name}"):
        profile.check_histogram(theirs)
    again = Profile.from_bytes(profile.to_bytes())
    assert counts(again, world(2, 100)) == mine


def test_large_windows_are_judged_by_all_their_rows(profile: Profile) -> None:
    quiet = [profile.check_histogram(counts(profile, world(seed, 20_000))) for seed in range(20)]
    assert sum(verdict.drifted for verdict in quiet) <= 1
    assert 0.2 < np.mean([verdict.p_value for verdict in quiet]) < 0.9
    assert quiet[0].window_rows == 20_000
    assert "dealt anew" in quiet[0].calibration.note
    rows = world(99, 20_000)
    moved = profile.check_histogram(counts(profile, rows.assign(size=rows["size"] + 0.5)))
    assert moved.drifted
    assert [column.name for column in moved.columns if column.drifted] == ["size"]
    new = rows.assign(country=rows["country"].mask(rows.index % 20 == 0, "Mars"))
    assert profile.check_histogram(counts(profile, new)).columns[0].name == "country"
    below = rows.assign(size=rows["size"].mask(rows.index % 20 == 0, -99.0))
    assert profile.check_histogram(counts(profile, below)).columns[0].name == "size"
    lacking = rows.assign(age=rows["age"].mask(rows.index % 50 == 0))
    assert profile.check_histogram(counts(profile, lacking)).columns[0].name == "age"


def test_many_rare_categories_are_no_drift() -> None:
    def shop(seed: int, rows: int) -> pd.DataFrame:
        shares = 1 / np.arange(1, 1501)
        random = np.random.default_rng(seed)
        found = random.choice(1500, rows, p=shares / shares.sum())
        return pd.DataFrame({"product": [f"p{at}" for at in found]})

    alarms = []
    for seed in range(12):
        fitted = Profile.fit(shop(seed, 1500), window=10, seed=seed, draws=DRAWS)
        large = counts(fitted, shop(seed + 100, 30_000))
        assert large.categories[0, -1] > 1000
        alarms.append(fitted.check_histogram(large).drifted)
    assert sum(alarms) <= 1


def test_too_few_rows_and_no_columns_are_findings(profile: Profile) -> None:
    assert profile.check_histogram(counts(profile, world(0, 9))).quality[0].kind == "rows"
    verdict = profile.check_histogram(counts(profile, pd.DataFrame({"other": np.arange(50)})))
    assert verdict.p_value is None
    assert {found.kind for found in verdict.quality} == {"missing_column"}
    assert profile.check_histogram(counts(profile, world(0, 50).iloc[:0])).p_value is None


def test_parquet_by_name_pattern_and_expression(profile: Profile, tmp_path: Path) -> None:
    rows = world(3, 400)
    renamed = rows.rename(columns={"size": "inputs.size", "country": "response.country"})
    for at in (0, 200):
        renamed.iloc[at : at + 200].to_parquet(tmp_path / f"{at}.parquet")
    assert histogram(profile, str(tmp_path / "*.parquet")) == counts(profile, rows)
    doubled = histogram(profile, tmp_path / "0.parquet", {"age": "age * 2"})
    part = rows.iloc[:200]
    assert doubled == counts(profile, part.assign(age=part["age"] * 2))
    with pytest.raises(UsageError, match="nowhere"):
        histogram(profile, tmp_path / "nowhere.parquet")
    with pytest.raises(UsageError, match="colour"):
        histogram(profile, tmp_path / "0.parquet", {"age": "colour + 1"})


@pytest.mark.parametrize(
    "kind", ["DECIMAL(9, 3)", "HUGEINT", "FLOAT", "TINYINT", "UBIGINT", "BIGINT"]
)
def test_every_type_of_number_is_one(profile: Profile, kind: str) -> None:
    with duckdb.connect() as connection:
        whole = connection.sql("SELECT i % 60 AS age, i % 5 AS grade FROM range(200) t(i)")
        rows = whole.project(f"age::{kind} AS age, grade::{kind} AS grade")
        found = histogram(profile, rows)
        frame = rows.df()
    values = profile.reference.bins(
        np.column_stack([np.zeros(200), np.zeros(200), frame["age"].to_numpy(float)])
    )
    assert_array_equal(
        found.numbers[2], np.bincount(values[:, 2], minlength=found.numbers.shape[1])
    )
    assert found.categories[1, :5].tolist() == [40, 40, 40, 40, 0]


def test_an_embedding_is_left_out_in_words() -> None:
    random = np.random.default_rng(0)

    def pictures(rows: int) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "digit": random.integers(10, size=rows),
                "confidence": random.beta(9, 1, rows),
                "embedding": list(random.normal(size=(rows, 4))),
            }
        )

    images = Profile.fit(
        pictures(600), categorical=["digit"], embedding="embedding", confidence="confidence",
        window=50, seed=0, draws=DRAWS,
    )  # fmt: skip
    for rows in (50, 2000):
        verdict = images.check_histogram(counts(images, pictures(rows)))
        assert verdict.comparable
        assert {column.name for column in verdict.columns} == {"digit", "confidence"}
        assert "novelty" in verdict.calibration.note
        assert "nor the embedding" in verdict.calibration.note


def test_bridges_have_the_quantiles_of_dealt_counts() -> None:
    random = np.random.default_rng(0)
    m, n = 50_000, 2_000
    shares = random.dirichlet(np.append(np.full(128, n / 128), 1))
    both = np.append(0, random.multinomial(m + n, shares)).astype(float)
    assert hypergeometric_null._dense(both, m, n)
    exact = hypergeometric_null._compared(
        *hypergeometric_null._deal(random, both, np.zeros(130), n, 8_000), m, n
    )
    bridged = hypergeometric_null._bridges(random, both / both.sum(), 8_000)
    for one, other in zip(exact, bridged, strict=True):
        for share in (0.5, 0.9, 0.99):
            assert np.quantile(other, share) == pytest.approx(np.quantile(one, share), rel=0.05)
    sparse = np.zeros(130)
    sparse[[1, 2]] = [(m + n) * 0.999, (m + n) * 0.001]
    assert not hypergeometric_null._dense(sparse, m, n)
