"""How a Keras classifier of pictures is trained and asked. Two outputs: probabilities, embedding.

Imported only when a model is trained or exported: TensorFlow takes seconds to load.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from numpy.typing import NDArray

from kaizen.core.usecase import Outputs, Report, Trained
from kaizen.modeling.augmentation import Batches

OUTPUTS = ("probabilities", "embedding")


def seed_all(seed: int) -> None:
    """Call before a model is built: two runs with one seed end with equal weights."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def fit(
    model: keras.Model,
    batches: Batches,
    validation: tuple[NDArray, NDArray],  # type: ignore[type-arg]
    *,
    epochs: int,
    learning_rate: float,
    patience: int,
    report: Report,
) -> Trained:
    """Train; the weights kept are those of the epoch with the lowest validation loss.

    Without validation rows every epoch is run and the last weights are kept.

    Args:
        model: its outputs are named as in :data:`OUTPUTS`.
        batches: what it learns from.
        validation: images and labels.
        epochs: at most.
        learning_rate: Adam's first; it falls to 0 along a cosine.
        patience: epochs without a better validation loss before training ends.
        report: hears of each epoch.
    """
    # Shares its layers with `model`: only the probabilities have a truth to be trained on.
    head = keras.Model(model.input, model.output["probabilities"])
    head.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(batches))
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    judged = len(validation[0]) > 0
    callbacks: list[keras.callbacks.Callback] = [_Progress(epochs, report)]
    if judged:
        callbacks.append(
            keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
        )
    history = head.fit(
        batches,
        validation_data=validation if judged else None,
        epochs=epochs,
        callbacks=callbacks,
        verbose=0,
    )
    curves = {name: [float(v) for v in values] for name, values in history.history.items()}
    return Trained(model, curves)


class _Progress(keras.callbacks.Callback):
    """One short figure per epoch."""

    def __init__(self, epochs: int, report: Report) -> None:
        super().__init__()
        self._epochs = epochs
        self._report = report

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        name = "val_accuracy" if "val_accuracy" in logs else "accuracy"
        self._report(f"epoch {epoch + 1}/{self._epochs}, {name} {logs[name]:.3f}")


def predict(model: keras.Model, images: NDArray) -> Outputs:  # type: ignore[type-arg]
    """Keras' own answers for n rows."""
    answers = model.predict(images, batch_size=512, verbose=0)
    return {name: answers[name] for name in OUTPUTS}
