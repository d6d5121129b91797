"""What a sweep tries, and what is said of one that cannot be tried."""

from __future__ import annotations

import pytest

from kaizen.core import candidates, config
from kaizen.core.candidates import SweepRule
from kaizen.core.errors import UsageError


def test_a_grid_is_every_combination_the_last_parameter_changing_fastest() -> None:
    rule = SweepRule(grid={"depth": (2, 3), "layers.width": (8, 16)})
    assert candidates.expand(rule) == [
        {"depth": 2, "layers": {"width": 8}},
        {"depth": 2, "layers": {"width": 16}},
        {"depth": 3, "layers": {"width": 8}},
        {"depth": 3, "layers": {"width": 16}},
    ]
    assert candidates.in_words(candidates.expand(rule)[1]) == "depth=2 layers.width=16"


def test_a_candidate_is_written_as_its_parameters_are() -> None:
    part = {"alpha": 1, "layers": {"width": 8}}
    whole = {"alpha": 1.0, "seed": 3, "layers": {"width": 8, "depth": 2}}
    assert candidates.in_words(candidates.typed(part, whole)) == "alpha=1.0 layers.width=8"


def test_a_list_keeps_its_order() -> None:
    rule = SweepRule(candidates=({"family": "tree"}, {"family": "forest", "trees": 200}))
    assert [candidates.in_words(one) for one in candidates.expand(rule)] == [
        "family=tree",
        "family=forest trees=200",
    ]


def test_the_grid_of_the_command_line_takes_the_place_of_the_configured_one() -> None:
    chosen = config.load(
        "diabetes", settings=["sweep.grid.alpha=[7]"], grid=["params.alpha=.1,4e-1,1"]
    )
    assert chosen.sweep == SweepRule(grid={"alpha": (0.1, 0.4, 1)})


def test_without_a_validation_part_candidates_are_compared_by_folds() -> None:
    grid = ["alpha=.1,1"]
    assert config.load("diabetes", grid=grid).folds == candidates.FOLDS
    assert config.load("diabetes", settings=["sweep.folds=3"], grid=grid).folds == 3
    hashed = config.load("diabetes", settings=["split.KIND=hash"], grid=grid)
    assert hashed.folds is None


def test_a_configuration_without_a_sweep_says_nothing_of_one() -> None:
    chosen = config.load("diabetes")
    assert "sweep" not in chosen.record()
    swept = config.load("diabetes", grid=["alpha=.1,1"])
    assert config.restore(swept.record()) == swept
    assert config.load("diabetes", preset="published", settings=["sweep=null"]).sweep is None


@pytest.mark.parametrize(
    ("settings", "grid", "words"),
    [
        ([], ["alpha"], "'alpha' is no grid: expected NAME=VALUES"),
        ([], ["alpha="], "is no grid"),
        ([], ["=1,2"], "is no grid"),
        ([], ["alpha=[1"], "is no grid"),
        ([], ["alpha=1", "alpha=2"], "alpha stands twice"),
        ([], ["alpha=1,1"], "found alpha=1 twice"),
        ([], ["alhpa=1,2"], "did you mean 'params.alpha'?"),
        ([], ["alpha=1,-1"], "params.alpha is -1"),
        (["sweep.grid={}"], [], "expected a grid or a list of candidates, found neither"),
        (["sweep.grid.alpha=[]"], [], "expected at least one value of alpha"),
        (["sweep.grid.alpha=[1]", "sweep.candidates=[{alpha: 2}]"], [], "found both"),
        (["sweep.grid.alpha=[1]", "sweep.folds=1"], [], "sweep.folds is 1"),
        (["sweep.gird.alpha=[1]"], [], "unknown key 'sweep.gird': did you mean 'sweep.grid'?"),
        ([f"sweep.grid.alpha={list(range(257))}"], [], "at most 256 candidates, found 257"),
    ],
)
def test_what_cannot_be_tried_is_refused(settings: list[str], grid: list[str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        config.load("diabetes", settings=settings, grid=grid)
    assert words in str(caught.value)
