from __future__ import annotations

import numpy as np
import pytest
from pictured import ALIKE, SAME, apart
from PIL import Image

from usecases.documents.pictures import MARGIN, SIDE, prepare


def test_a_figure_fills_the_square_but_for_its_margin(plain) -> None:
    for silhouette in plain:
        found = prepare(silhouette)
        assert found.shape == (SIDE, SIDE)
        assert found.dtype == np.uint8
        rows, columns = (np.flatnonzero((found > 127).any(axis=axis)) for axis in (1, 0))
        longest = max(np.ptp(rows), np.ptp(columns)) + 1
        assert SIDE - 2 * MARGIN - 4 <= longest <= SIDE - 2 * MARGIN
        assert found[:MARGIN].max() == found[:, :MARGIN].max() == 0


@pytest.mark.parametrize(
    ("ink", "paper"), [("black", "white"), ("white", "black"), ("red", "blue"), ("#889", "#fed")]
)
def test_colours_make_no_difference(ink, paper, plain) -> None:
    mask = Image.fromarray(plain[0])
    size = mask.size
    picture = Image.composite(Image.new("RGB", size, ink), Image.new("RGB", size, paper), mask)
    assert apart(prepare(np.asarray(picture)), prepare(plain[0])) < SAME


def test_size_place_and_paper_around_make_no_difference(plain) -> None:
    large = Image.fromarray(plain[0]).resize((600, 600), Image.Resampling.BICUBIC)
    placed = np.pad(np.asarray(large), ((50, 400), (300, 20)))
    assert apart(prepare(placed), prepare(plain[0])) < ALIKE


def test_grains_of_noise_do_not_shrink_the_figure(plain) -> None:
    noisy = np.pad(plain[0], 20)
    random = np.random.default_rng(0)
    for y, x in random.integers(0, 14, (8, 2)):
        noisy[y, x] = 255
    assert apart(prepare(noisy), prepare(plain[0])) < ALIKE


def test_a_picture_of_one_colour_is_empty_and_the_smallest_is_taken() -> None:
    assert not prepare(np.full((40, 60, 3), 77, np.uint8)).any()
    assert not prepare(np.zeros((1, 1, 3), np.uint8)).any()
    assert prepare(np.pad(np.full((1, 1), 255, np.uint8), 30)).any()
