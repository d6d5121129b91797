"""Each kind of bad data stops with its own words and is set aside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kaizen.core.paths import Home
from kaizen.data import contract
from kaizen.data.faults import BadData
from usecases.diabetes.model import usecase
from usecases.diabetes.settings import Data

SCHEMA = usecase.contract()


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def good() -> pd.DataFrame:
    return usecase.load(Data())


def refused(frame: pd.DataFrame, place: Home, *kinds: str) -> BadData:
    with pytest.raises(BadData) as caught:
        contract.check(frame, SCHEMA, "diabetes", place)
    assert [fault.kind for fault in caught.value.faults] == list(kinds)
    return caught.value


def reason(bad: BadData) -> dict[str, Any]:
    assert bad.kept is not None
    assert str(bad.kept) in str(bad)
    content: dict[str, Any] = json.loads((bad.kept / "reason.json").read_text())
    return content


def test_good_data_passes_and_nothing_is_set_aside(good: pd.DataFrame, place: Home) -> None:
    pd.testing.assert_frame_equal(contract.check(good, SCHEMA, "diabetes", place), good)
    assert not place.quarantine.exists()


def test_whole_numbers_as_target_are_taken(good: pd.DataFrame, place: Home) -> None:
    whole = good.astype({"target": "int64"})
    assert contract.check(whole, SCHEMA, "diabetes", place)["target"].dtype == np.float64


def test_a_missing_and_an_unexpected_column(good: pd.DataFrame, place: Home) -> None:
    bad = refused(good.rename(columns={"bmi": "weight"}), place, "schema", "schema")
    assert "column 'weight' is not expected" in str(bad)
    assert "column 'bmi' is missing" in str(bad)


def test_a_wrong_type(good: pd.DataFrame, place: Home) -> None:
    bad = refused(good.assign(bmi=["heavy", *good["bmi"].astype(str)[1:]]), place, "type")
    assert "column 'bmi' is str, expected float64 (such as 'heavy'" in str(bad)


def test_missing_values(good: pd.DataFrame, place: Home) -> None:
    good.loc[[3, 5], "bp"] = np.nan
    assert "column 'bp': 2 rows have no value" in str(refused(good, place, "missing"))


def test_values_out_of_range(good: pd.DataFrame, place: Home) -> None:
    good.loc[[3, 5, 9], "age"] = [44.5, -51.0, 6.5]
    good["age"] -= good["age"].mean() - 0.01
    fault = refused(good, place, "value").faults[0]
    assert fault.column == "age"
    assert "each is -0.4 to 0.4" in fault.message
    assert len(fault.examples) == 3


def test_a_distribution_that_has_moved(good: pd.DataFrame, place: Home) -> None:
    bad = refused(good.assign(s5=good["s5"] + 0.1), place, "distribution")
    assert "column 's5' breaks the rule: mean" in str(bad)


def test_too_few_rows(good: pd.DataFrame, place: Home) -> None:
    few = good.iloc[:20]
    assert "at least 50 rows" in str(refused(few, place, "distribution"))


def test_repeated_rows(good: pd.DataFrame, place: Home) -> None:
    doubled = pd.concat([good, good.iloc[:30]], ignore_index=True)
    bad = refused(doubled, place, "duplicates")
    assert "30 of 472 rows (6.4%) repeat another row: at most 1.0% may" in str(bad)


def test_no_rows(good: pd.DataFrame, place: Home) -> None:
    assert "is empty" in str(refused(good.iloc[:0], place, "empty"))


def test_every_fault_is_named_at_once(good: pd.DataFrame, place: Home) -> None:
    good.loc[3, "bp"] = np.nan
    good.loc[4, "target"] = 4000.0
    bad = refused(good.drop(columns="sex"), place, "schema", "missing", "value")
    assert [fault["kind"] for fault in reason(bad)["faults"]] == ["schema", "missing", "value"]


def test_bad_rows_are_kept_whole_and_once(good: pd.DataFrame, place: Home) -> None:
    good.loc[3, "bp"] = np.nan
    first, second = refused(good, place, "missing"), refused(good, place, "missing")
    assert first.kept == second.kept
    assert first.kept is not None
    assert first.kept.parent == place.quarantine / "diabetes"
    assert len(first.kept.name) == 12
    pd.testing.assert_frame_equal(pd.read_parquet(first.kept / "data.parquet"), good)
    assert reason(first)["rows"] == 442
    assert [path.name for path in first.kept.parent.iterdir()] == [first.kept.name]


def test_a_column_of_mixed_types_is_kept_as_text(good: pd.DataFrame, place: Home) -> None:
    mixed = good.assign(age=pd.Series([b"\xff", 1, "x"] + [0.0] * 439, dtype=object))
    bad = refused(mixed, place, "type")
    assert bad.kept is not None
    assert pd.read_parquet(bad.kept / "data.parquet")["age"][2] == "'x'"


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"", "empty", "is empty: expected column names and rows"),
        (b" \n", "empty", "is empty"),
        ("age,größe\n1,2\n".encode("latin-1"), "encoding", "not UTF-8: byte 0xf6 in line 1"),
        (b"age,sex\n1,2\n1,2,3,4\n", "table", "no comma-separated table"),
    ],
)
def test_a_file_that_cannot_be_read(
    content: bytes, kind: str, words: str, tmp_path: Path, place: Home
) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(BadData, match=words) as caught:
        contract.read(usecase, Data(path=path), place)
    assert [fault.kind for fault in caught.value.faults] == [kind]
    assert caught.value.kept is not None
    assert (caught.value.kept / "mine.csv").read_bytes() == content
    assert reason(caught.value)["faults"][0]["kind"] == kind


def test_a_good_file_is_read(good: pd.DataFrame, tmp_path: Path, place: Home) -> None:
    path = tmp_path / "mine.csv"
    good.to_csv(path, index=False)
    pd.testing.assert_frame_equal(contract.read(usecase, Data(path=path), place), good)
