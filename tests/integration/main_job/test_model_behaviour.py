"""How the served digits behave: what may change no answer, what must, and the least they can do."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def ask(job: Any) -> Any:
    """Images (n, 28, 28) to the service's answers and how sure it is."""

    def asked(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        answer = httpx.post(
            f"{job.json['url']}/predict",
            content=np.ascontiguousarray(images, np.uint8).tobytes(),
            headers={"content-type": "application/octet-stream"},
        )
        rows = answer.raise_for_status().json()["predictions"]
        return (
            np.array([row["digit"] for row in rows]),
            np.array([row["confidence"] for row in rows]),
        )

    return asked


@pytest.fixture(scope="module")
def digits(job: Any) -> tuple[pd.DataFrame, np.ndarray]:
    """Every digit that was not held out, and 500 that were: images and classes."""
    from kaizen.core import config
    from kaizen.data.split import split
    from usecases.digits import source

    parts = split(source.load(source.Data()), config.HashSplit())
    return parts.train, parts.holdout.head(500)


def pixels(rows: pd.DataFrame) -> np.ndarray:
    from usecases.digits.features import features

    return features.decode(rows)["image"].reshape(-1, 28, 28)


def test_they_are_better_than_the_nearest_mean_digit(ask: Any, digits: Any) -> None:
    taught, held = digits
    images, classes = pixels(taught).reshape(len(taught), -1).astype(float), taught["label"]
    means = np.stack([images[classes == digit].mean(axis=0) for digit in range(10)])
    asked = pixels(held)
    distances = ((asked.reshape(len(held), 1, -1) - means) ** 2).sum(axis=2)
    truth = held["label"].to_numpy()
    assert (ask(asked)[0] == truth).mean() > (distances.argmin(axis=1) == truth).mean() + 0.05


def test_a_digit_stays_the_same_moved_by_a_pixel_or_in_paler_ink(ask: Any, digits: Any) -> None:
    images = pixels(digits[1])
    before, _ = ask(images)
    for changed in (np.roll(images, 1, axis=2), np.roll(images, -1, axis=1), images * 0.8):
        assert (ask(changed)[0] == before).mean() >= 0.93


def test_they_are_less_sure_of_half_a_digit(ask: Any, digits: Any) -> None:
    images = pixels(digits[1])
    half = images.copy()
    half[:, 14:] = 0
    assert ask(half)[1].mean() < ask(images)[1].mean() - 0.1


def test_in_whose_company_a_digit_is_asked_makes_no_difference(ask: Any, digits: Any) -> None:
    images = pixels(digits[1].head(20))
    together, sure = ask(images)
    for at, image in enumerate(images):
        digit, confidence = ask(image[None])
        assert digit[0] == together[at]
        assert confidence[0] == pytest.approx(sure[at], abs=1e-6)
