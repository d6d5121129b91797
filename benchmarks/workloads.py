"""The work itself: pure functions that every system under test runs, and the traces they leave.

The same functions run in every system; each leaves a line with what it computed in the file
``BENCH_TRACE``. The benchmark refuses to compare runs whose lines differ: nobody did less work,
and what should have come from a cache was not computed.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

LAYERS, WIDTH = 3, 4
"""Twelve no-op steps: each takes the outputs of the whole layer before it."""

COLUMNS = 12
"""Of the frame; 1,000,000 rows of float64 are 96 MB."""


def trace(name: str, result: object) -> None:
    """Note that ``name`` ran and what came out: one short line, appended at once."""
    file = os.open(os.environ["BENCH_TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, f"{name} {result}\n".encode())
    finally:
        os.close(file)


def noop(at: int, *before: int) -> int:
    """Nothing but a number: one more than the largest before it."""
    result = max(before, default=0) + 1
    trace(f"noop-{at}", result)
    return result


def nap(at: int, seconds: float) -> int:
    """Wait, as for a service."""
    time.sleep(seconds)
    trace(f"nap-{at}", seconds)
    return at


def burn(at: int, rounds: int) -> int:
    """Pure Python that never lets go of the interpreter lock; one million rounds are .1 to .3 s."""
    value = at + 1
    for _ in range(rounds):
        value = (value * 1103515245 + 12345) % 2147483648
    trace(f"burn-{at}", value)
    return value


def make_frame(rows: int) -> pd.DataFrame:
    """``rows`` × 12 numbers; every seventh of the first column is missing."""
    import numpy as np
    import pandas as pd

    values = np.random.default_rng(7).standard_normal((rows, COLUMNS))
    values[::7, 0] = np.nan
    frame = pd.DataFrame(values, columns=[f"c{i}" for i in range(COLUMNS)])
    trace("make", len(frame))
    return frame


def fill(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing numbers become the column's median."""
    filled = frame.fillna(frame.median())
    trace("fill", f"{filled['c0'].sum():.3f}")
    return filled


def standardise(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean 0, deviation 1."""
    scaled = (frame - frame.mean()) / frame.std()
    trace("standardise", f"{scaled['c1'].abs().sum():.3f}")
    return scaled


def clip(frame: pd.DataFrame) -> pd.DataFrame:
    """Nothing beyond the first and last percent."""
    clipped = frame.clip(frame.quantile(0.01), frame.quantile(0.99), axis=1)
    trace("clip", f"{clipped.to_numpy().sum():.3f}")
    return clipped


def load_digits(path: str, rows: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images uint8 (rows, 28, 28) and labels uint8 (rows,) of the shipped digits."""
    import numpy as np

    with np.load(path) as archive:
        images, labels = archive["images"][:rows], archive["labels"][:rows]
    trace("load", f"{images.shape} {int(labels.sum())}")
    return images, labels


def train_digits(images: NDArray[np.uint8], labels: NDArray[np.uint8], epochs: int) -> Any:
    """A small CNN, trained on the first four fifths."""
    import keras

    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    part = len(images) * 4 // 5
    model.fit(images[:part, ..., None], labels[:part], epochs=epochs, batch_size=64, verbose=0)
    trace("train", model.count_params())
    return model


def evaluate_digits(model: Any, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Accuracy on the last fifth."""
    part = len(images) * 4 // 5
    _, accuracy = model.evaluate(images[part:, ..., None], labels[part:], verbose=0)
    # The accuracy itself may differ in its last digits with the number of threads.
    trace("evaluate", accuracy > 0.5)
    return float(accuracy)
