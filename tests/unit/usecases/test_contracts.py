"""Each kind of bad table is refused by name and set aside, whatever the use case."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kaizen.core import catalog
from kaizen.core.paths import Home
from kaizen.data import contract
from kaizen.data.faults import BadData

TABLES = ("churn", "customers", "diabetes")
NUMBER = {"churn": "Age", "customers": "Annual Income (k$)", "diabetes": "bmi"}
CATEGORY = {"churn": "Geography", "customers": "Gender"}
BEYOND = {"churn": 30, "customers": 200, "diabetes": 0.1}
Change = Callable[[pd.DataFrame, str], pd.DataFrame]


@pytest.fixture(scope="module")
def good() -> dict[str, pd.DataFrame]:
    frames = {}
    for name in TABLES:
        case = catalog.usecase(name)
        frames[name] = case.load(case.Data()).head(600)
    return frames


def altered(frame: pd.DataFrame, column: str, value: object, row: int = 3) -> pd.DataFrame:
    values = frame[column].astype(object)
    values.iloc[row] = value
    return frame.assign(**{column: values})


ROWS: dict[str, tuple[Change, str, str]] = {
    "a missing column": (lambda f, n: f.drop(columns=n), "schema", "is missing"),
    "another column": (lambda f, _: f.assign(shoe=42), "schema", "'shoe' is not expected"),
    "a wrong type": (lambda f, n: altered(f, n, "much"), "type", "'much'"),
    "a gap": (lambda f, n: altered(f, n, None), "missing", "1 rows have no value"),
    "out of range": (lambda f, n: altered(f, n, -99_999), "value", "1 rows break the rule"),
    "no number at all": (lambda f, n: altered(f, n, np.inf), "value", "1 rows break the rule"),
    "repeated rows": (lambda f, _: pd.concat([f, f.head(50)]), "duplicates", "50 of"),
    "few rows": (lambda f, _: f.head(40), "distribution", "at least"),
    "no rows": (lambda f, _: f.head(0), "empty", "expected rows"),
}


def accepted(name: str, path: Path, home: Home) -> pd.DataFrame:
    case = catalog.usecase(name)
    frame = contract.read(case, case.Data(path=path), home)
    return contract.check(frame, case.contract(), name, home)


def refused(name: str, path: Path, home: Home) -> BadData:
    """The refusal of a file, once it is seen that it was set aside with the same reasons."""
    with pytest.raises(BadData) as caught:
        accepted(name, path, home)
    bad = caught.value
    assert bad.kept is not None
    assert bad.kept.parent == home.quarantine / name
    kept = json.loads((bad.kept / "reason.json").read_text())
    assert [fault["kind"] for fault in kept["faults"]] == [fault.kind for fault in bad.faults]
    return bad


@pytest.mark.parametrize("name", TABLES)
def test_the_table_itself_is_good(name: str, good: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    case = catalog.usecase(name)
    good[name].to_csv(tmp_path / "mine.csv", index=False)
    checked = accepted(name, tmp_path / "mine.csv", Home(tmp_path))
    whole = contract.check(good[name], case.contract(), name, Home(tmp_path))
    pd.testing.assert_frame_equal(checked, whole)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("fault", ROWS)
def test_bad_rows(name: str, fault: str, good: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    change, kind, words = ROWS[fault]
    path = tmp_path / "mine.csv"
    change(good[name], NUMBER[name]).to_csv(path, index=False)
    bad = refused(name, path, Home(tmp_path / "home"))
    assert kind in {found.kind for found in bad.faults}
    assert words in str(bad)


@pytest.mark.parametrize("name", TABLES)
def test_a_distribution_that_has_moved(
    name: str, good: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    column = NUMBER[name]
    moved = good[name].assign(**{column: good[name][column] + BEYOND[name]})
    moved.to_csv(tmp_path / "mine.csv", index=False)
    bad = refused(name, tmp_path / "mine.csv", Home(tmp_path / "home"))
    assert [found.kind for found in bad.faults if found.column == column] == ["distribution"]
    assert f"column {column!r} breaks the rule: mean" in str(bad)


@pytest.mark.parametrize("name", CATEGORY)
def test_an_unknown_category(name: str, good: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    altered(good[name], CATEGORY[name], "Atlantis").to_csv(tmp_path / "mine.csv", index=False)
    bad = refused(name, tmp_path / "mine.csv", Home(tmp_path / "home"))
    assert [found.kind for found in bad.faults] == ["value"]
    assert "such as 'Atlantis'" in str(bad)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (lambda _: b"", "empty", "is empty"),
        (lambda content: content + b"\xf6\n", "encoding", "is not UTF-8: byte 0xf6"),
        (lambda content: content + b"," * 40, "table", "no comma-separated table"),
        # In the middle of the last row but some: as a copy that was interrupted ends.
        (
            lambda content: content[: content.rindex(b",", 0, len(content) // 2)],
            "missing",
            "1 rows",
        ),
    ],
    ids=["empty", "encoding", "no table", "truncated"],
)
def test_bad_files(  # type: ignore[no-untyped-def]
    name: str, spoil, kind: str, words: str, good: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(spoil(good[name].to_csv(index=False).encode()))
    bad = refused(name, path, Home(tmp_path / "home"))
    assert kind in {found.kind for found in bad.faults}
    assert words in str(bad)


def test_what_else_breaks_a_contract(good: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    for name, frame, words in [
        ("churn", good["churn"].assign(Exited=0), "column 'Exited' breaks the rule: mean"),
        ("churn", good["churn"].query("Geography != 'Spain'"), "Germany, Spain occurs"),
        ("churn", altered(good["churn"], "Exited", 2), "each is 0 or 1"),
        ("customers", altered(good["customers"], "CustomerID", 1), "1 rows repeat a value"),
    ]:
        path = tmp_path / "mine.csv"
        frame.to_csv(path, index=False)
        assert words in str(refused(name, path, home))
