"""A world of images: real MNIST digits, a small network that reads them, and digits of elsewhere.

The Devanagari-like digits are drawn from splines, each a little other: bent, turned, shifted, and
of another pen. The network is trained here, with numpy alone, on digits that no trial uses.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

DATA = Path(__file__).resolve().parents[2] / "usecases" / "digits" / "data" / "mnist-10k.npz"
LEARNT = 4_000
"""Digits the network learns from; the other 6,000 are for trials."""

HIDDEN = 128
Floats = NDArray[np.float64]

# Strokes on a field of 10 by 10, x to the right and y down.
STROKES: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (((5, 2), (2.5, 3.5), (2.3, 6.5), (5, 8), (7.6, 6.5), (7.5, 3.5), (5, 2)),),
    (((6.5, 4), (5, 2), (3, 3.2), (4, 5.3), (6.3, 4.3), (6.6, 6), (5.5, 9)),),
    (((2.5, 3), (5, 2), (7, 3.5), (5, 5.5), (3, 6), (5, 6.5), (7.5, 9)),),
    (
        ((2.5, 2.5), (5, 1.8), (6.5, 3), (4.5, 4.4), (6.8, 5.2), (5, 7)),
        ((5, 7), (3, 6.8), (4.5, 7.6), (7, 9.5)),
    ),
    (((2.5, 1.5), (5, 4.5), (7, 7), (5, 8.8), (3, 7), (5, 4.5), (7.5, 1.5)),),
    (((3, 2), (3, 5), (5, 5.5), (7, 4.5), (7, 2)), ((7, 4.5), (6, 6), (4, 6), (6, 7.5), (7, 9))),
    (((7, 2), (4.5, 1.8), (3.2, 3.2), (5.5, 4.5), (3, 5.5), (3.5, 8), (6, 8), (7.5, 9.3)),),
    (((4, 4.5), (5.5, 3), (4, 2), (2.3, 4.5), (3.2, 7.6), (6, 8), (7.8, 5.5), (7.2, 2)),),
    (((7.5, 2.5), (5, 2.2), (3, 4.5), (3.2, 7), (5.5, 8.5), (7.6, 8.2)),),
    (
        ((3, 2.5), (5, 2.2), (5.2, 4), (3.5, 4.5), (3, 3.2)),
        ((5.2, 4), (4, 6), (6, 6.3), (7.2, 8.8)),
        ((5.2, 2.5), (7.2, 1.6)),
    ),
)


class World(NamedTuple):
    """Two layers: 784 to HIDDEN, and on to 10."""

    into: Floats
    offset: Floats
    out: Floats
    bias: Floats

    def observe(self, images: NDArray[np.uint8]) -> pd.DataFrame:
        """What monitoring sees of images (n, 784)."""
        embedding, shares = self.embedding(images), self.shares(images)
        return pd.DataFrame(
            {
                "digit": shares.argmax(axis=1),
                "confidence": shares.max(axis=1),
                "ink": images.mean(axis=1) / 255,
                "embedding": list(embedding),
            }
        )

    def embedding(self, images: NDArray[np.uint8]) -> Floats:
        """The hidden layer (n, HIDDEN)."""
        return np.maximum(images / 255 @ self.into + self.offset, 0)

    def shares(self, images: NDArray[np.uint8]) -> Floats:
        """The probability of each digit (n, 10)."""
        return _softmax(self.embedding(images) @ self.out + self.bias)


def _softmax(scores: Floats) -> Floats:
    found = np.exp(scores - scores.max(axis=1, keepdims=True))
    return found / found.sum(axis=1, keepdims=True)


@lru_cache(maxsize=1)
def world() -> tuple[World, NDArray[np.uint8], float]:
    """The network, the images it has not seen (6000, 784), and its accuracy on them."""
    with np.load(DATA, allow_pickle=False) as file:
        images, labels = file["images"].reshape(-1, 784), file["labels"]
    random = np.random.default_rng(0)
    order = random.permutation(len(images))
    learnt, rest = order[:LEARNT], order[LEARNT:]
    network = _train(images[learnt] / 255, labels[learnt], random)
    right = network.observe(images[rest])["digit"].to_numpy() == labels[rest]
    return network, images[rest], float(right.mean())


def _train(images: Floats, labels: NDArray[np.int64], random: np.random.Generator) -> World:
    """Momentum and weight decay, 30 epochs of batches of 50, each image a pixel or so aside."""
    layers = [
        random.standard_normal((784, HIDDEN)) * np.sqrt(2 / 784),
        np.zeros(HIDDEN),
        random.standard_normal((HIDDEN, 10)) * np.sqrt(2 / HIDDEN),
        np.zeros(10),
    ]
    speed = [np.zeros_like(layer) for layer in layers]
    truth = np.eye(10)[labels]
    for epoch in range(30):
        rate = 0.1 if epoch < 22 else 0.02
        for batch in random.permutation(len(images)).reshape(-1, 50):
            aside = 28 * random.integers(-1, 2) + random.integers(-1, 2)
            rows = np.roll(images[batch], aside, axis=1)
            hidden = np.maximum(rows @ layers[0] + layers[1], 0)
            error = (_softmax(hidden @ layers[2] + layers[3]) - truth[batch]) / len(batch)
            back = error @ layers[2].T * (hidden > 0)
            slopes = [rows.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
            for at, slope in enumerate(slopes):
                speed[at] = 0.9 * speed[at] - rate * (slope + 1e-4 * layers[at])
                layers[at] += speed[at]
    return World(*layers)


def devanagari(random: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """``count`` Devanagari-like digits, (count, 784)."""
    return np.stack([_drawn(random, STROKES[random.integers(10)]) for _ in range(count)])


def _drawn(
    random: np.random.Generator, strokes: tuple[tuple[tuple[float, float], ...], ...]
) -> NDArray[np.uint8]:
    turn, slant = random.normal(0, 0.12), random.normal(0, 0.12)
    matrix = np.array([[1, slant], [0, 1]]) @ np.array(
        [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    matrix = matrix * random.normal(1, 0.08, size=(2, 1))
    field = np.zeros((28, 28))
    for stroke in strokes:
        knots = np.array(stroke) - (5, 5.3) + random.normal(0, 0.25, size=(len(stroke), 2))
        at = np.linspace(0, len(knots) - 1, 40 * len(knots))
        smooth = gaussian_filter(
            np.column_stack([np.interp(at, np.arange(len(knots)), part) for part in knots.T]),
            (14, 0),
            mode="nearest",
        )
        places = smooth @ matrix.T * 2.0 + 14 + random.normal(0, 0.5, size=2)
        columns, rows = np.clip(np.round(places).astype(int), 1, 26).T
        field[rows, columns] = 1.0
    pen = gaussian_filter(field, random.uniform(0.7, 1.1))
    return (255 * np.clip(pen / 0.35, 0, 1)).astype(np.uint8).reshape(784)
