"""Counts on uneven edges are those of a search, whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from kaizen.monitoring.drift.binning import grid

RANDOM = np.random.default_rng(0)
TINY = np.nextafter(0, 1)
EDGES = {
    "quantiles": np.quantile(RANDOM.standard_normal(5000), np.linspace(0, 1, 129)[1:]),
    "heavy tail": np.sort(RANDOM.lognormal(0, 6, 128)),
    "both signs, heavy": np.sort(RANDOM.standard_cauchy(128) ** 5),
    "whole numbers": np.arange(-40.0, 60.0),
    "one": np.array([3.0]),
    "around zero": np.array([-1.0, -TINY, 0.0, TINY, 1.0]),
    "minus zero": np.array([-1.0, -0.0, 1.0]),
    "tiny": np.array([-TINY, -0.0, TINY]),
    "as large as can be": np.array([-1.7e308, -1.0, 0.0, 1e-300, 1.7e308]),
    "neighbours": 1 + np.arange(100) * np.spacing(1.0),
}


@pytest.mark.parametrize("name", EDGES)
def test_counts_are_those_of_a_search(name: str) -> None:
    edges = EDGES[name]
    values = np.concatenate(
        [
            edges,
            np.nextafter(edges, np.inf),
            np.nextafter(edges, -np.inf),
            RANDOM.standard_normal(2000),
            RANDOM.lognormal(0, 8, 2000) * RANDOM.choice([-1, 1], 2000),
            edges[0] / 2 + RANDOM.random(2000) * (edges[-1] / 2 - edges[0] / 2),
            edges[0] + RANDOM.random(2000),
            [0.0, -0.0, np.inf, -np.inf, TINY, -TINY, 1.7e308, -1.7e308],
        ]
    )
    expected = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    assert_array_equal(grid(edges).count(values), expected)


def test_no_values_are_no_counts() -> None:
    assert_array_equal(grid(np.array([1.0, 2.0])).count(np.empty(0)), [0, 0, 0])


def test_heavy_tails_are_laid_out_by_their_bits() -> None:
    assert grid(EDGES["heavy tail"]).folded
    assert not grid(EDGES["whole numbers"]).folded
