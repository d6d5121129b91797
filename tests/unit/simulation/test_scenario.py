"""Scenarios as they are written, and what is wrong with some."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from letters import LETTERS, rows

from kaizen.core import catalog
from kaizen.core.config import check
from kaizen.core.errors import KaizenError, UsageError
from kaizen.simulation import library, sources
from kaizen.simulation.scenario import Scenario

HOLDOUT = rows(400, 0)


def pools(source: dict[str, Any], root: Path = Path()) -> Any:
    made = check(Scenario, {"ticks": 4, "sources": {"one": source}}, "s")
    return sources.pools(made, LETTERS, lambda: HOLDOUT, root)


@pytest.mark.parametrize("usecase", catalog.names())
def test_every_use_case_has_steady_traffic_and_a_broken_one(usecase: str) -> None:
    known = library.scenarios(usecase)
    assert {"steady", "covariate", "broken"} <= known.keys()
    if usecase != "customers":
        assert {"labels", "concept"} <= known.keys()
    assert all(each.about for each in known.values())


def test_a_use_case_without_a_file_has_steady_traffic(tmp_path: Path) -> None:
    assert library.scenarios("letters", tmp_path) == {"steady": library.STEADY}
    with pytest.raises(UsageError, match="unknown scenario of letters 'stedy': did you mean 'st"):
        library.scenario("letters", "stedy", tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("quiet: {tics: 4}", "unknown key 'quiet.tics': did you mean 'quiet.ticks'?"),
        ("quiet: {sources: {}}", "quiet.sources"),
        ("quiet: 4", "quiet is 4: expected ticks, rows and sources"),
        ("../quiet: {}", "scenario '../quiet'"),
        ("quiet: {sources: {a: {origin: holdot}}}", "quiet.sources.a.origin is 'holdot'"),
        ("quiet: {sources: {a: {nois: 1}}}", "did you mean 'quiet.sources.a.noise'?"),
        ("quiet: {sources: {a: {noise: {values: 1}}}}", "expected both values and columns"),
        ("quiet: {rows: 1.0e+9, sources: {a: {}}}", "1000000000 rows at tick 0"),
        ("quiet: [", "is not YAML"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "letters.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        library.scenarios("letters", tmp_path)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"origin": "foreign:cursiv"}, "'cursiv': did you mean 'cursive'?"),
        ({"origin": "file:none.csv"}, "none.csv"),
        ({"noise": {"values": 1, "columns": ["widht"]}}, "did you mean 'width'?"),
        ({"noise": {"values": 1, "columns": ["hand"]}}, "'hand' of source 'one' holds no numbers"),
        ({"transforms": [{"KIND": "shift", "column": "widt", "by": 1}]}, "did you mean 'width'?"),
        ({"transforms": [{"KIND": "scale", "column": "hand", "by": 2}]}, "holds no numbers"),
        ({"transforms": [{"KIND": "freeze", "column": "letter"}]}, "unknown column"),
        ({"transforms": [{"KIND": "blank", "column": "hands"}]}, "did you mean 'hand'?"),
        ({"transforms": [{"KIND": "category", "column": "hand", "value": "left"}]}, "already"),
        ({"transforms": [{"KIND": "labels", "shares": {"d": 1}}]}, "unknown class of letters 'd'"),
        ({"transforms": [{"KIND": "labels"}]}, "expected either shares of classes, or"),
        ({"transforms": [{"KIND": "labels", "above": 0.5}]}, "holds no numbers"),
        (
            {"origin": "foreign:runes", "transforms": [{"KIND": "labels", "shares": {"a": 1}}]},
            "has no row whose truth is a",
        ),
    ],
)
def test_what_a_source_does_not_have_is_named(
    tmp_path: Path, source: dict[str, Any], words: str
) -> None:
    with pytest.raises(KaizenError) as caught:
        pools(source, tmp_path)
    assert words in str(caught.value)


def test_a_file_is_a_source(tmp_path: Path) -> None:
    rows(5, 1).to_csv(tmp_path / "mine.csv", index=False)
    assert len(pools({"origin": "file:mine.csv"}, tmp_path)["one"].frame) == 5
    rows(5, 1).drop(columns="letter").to_csv(tmp_path / "mine.csv", index=False)
    assert "letter" not in pools({"origin": "file:mine.csv"}, tmp_path)["one"].frame
    rows(5, 1).drop(columns="hand").to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(UsageError, match="no column 'hand'"):
        pools({"origin": "file:mine.csv"}, tmp_path)


def test_rows_of_a_file_without_truth_change_no_concept(tmp_path: Path) -> None:
    rows(5, 1).drop(columns="letter").to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(UsageError, match="has no truth: it cannot change"):
        pools({"origin": "file:mine.csv", "transforms": [{"KIND": "concept"}]}, tmp_path)
