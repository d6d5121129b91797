"""The table that a sweep ends with."""

from __future__ import annotations

from kaizen.cli.sweep import table
from kaizen.core.results import Candidate, Sweep


def test_the_best_is_marked_and_the_failed_says_why() -> None:
    swept = Sweep(
        metric="mse",
        direction="lower",
        folds=5,
        candidates=(
            Candidate(
                params={"alpha": 0.4}, metrics={"mse": 3082.3}, errors={"mse": 74.8},
                seconds=0.25, rank=1,
            ),
            Candidate(params={"alpha": 5}, metrics={"mse": 4725.3}, seconds=12, rank=2),
            Candidate(params={"alpha": 13}, reason="ValueError: thirteen"),
        ),
    )  # fmt: skip
    assert table(swept) == [
        ("", "", "mse", "seconds", ""),
        ("1", "alpha=0.4", "3,082.3 ± 74.8", "0.2", "best"),
        ("2", "alpha=5", "4,725.3", "12.0", ""),
        ("✗", "alpha=13", "", "0.0", "failed: ValueError: thirteen"),
    ]
