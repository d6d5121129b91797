"""The Keras side of digits: the network, its training and its own answers.

Imported only when a model is trained or exported: TensorFlow takes seconds to load.
"""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from kaizen.usecase import Inputs, Outputs, Report, Trained
from usecases import export
from usecases.digits.augment import SIDE, Batches
from usecases.digits.settings import Params

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
OUTPUTS = ("probabilities", "embedding")


def build(params: Params) -> keras.Model:
    """A small CNN: image uint8 (n, 28, 28, 1) to probabilities (n, 10) and embedding (n, d)."""
    image = keras.Input((SIDE, SIDE, 1), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 255, name="rescale")(image)
    for at, filters in enumerate(params.filters):
        x = keras.layers.Conv2D(filters, 3, use_bias=False, name=f"convolve_{at}")(x)
        # Pooled first: the rest has a quarter of the work, and the maximum is the same.
        x = keras.layers.MaxPooling2D(name=f"pool_{at}")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"normalise_{at}")(x)
        x = keras.layers.ReLU(name=f"rectify_{at}")(x)
    # Not Flatten: it asks for the batch's shape, and what tf2onnx makes of that changes from one
    # process to the next.
    x = keras.ops.reshape(x, (-1, math.prod(x.shape[1:])))
    x = keras.layers.Dropout(params.dropout, name="drop")(x)
    embedding = keras.layers.Dense(params.embedding, activation="relu", name="embedding")(x)
    answer = keras.layers.Dense(10, activation="softmax", name="probabilities")(embedding)
    return keras.Model(image, {"probabilities": answer, "embedding": embedding}, name="digits")


def fit(
    params: Params,
    train: tuple[Images, Labels],
    validation: tuple[Images, Labels],
    seed: int,
    report: Report,
) -> Trained:
    """Train; the weights kept are those of the epoch with the lowest validation loss.

    Two runs with one seed end with equal weights. Without validation rows every epoch is run
    and the last weights are kept.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    model = build(params)
    # Shares its layers with `model`: only the probabilities have a truth to be trained on.
    head = keras.Model(model.input, model.output["probabilities"])
    batches = Batches(*train, params.batch_size, seed, params.shift, params.turn)
    head.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                params.learning_rate, params.epochs * len(batches)
            )
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    judged = len(validation[0]) > 0
    callbacks: list[keras.callbacks.Callback] = [_Progress(params.epochs, report)]
    if judged:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                "val_loss", patience=params.patience, restore_best_weights=True
            )
        )
    history = head.fit(
        batches,
        validation_data=validation if judged else None,
        epochs=params.epochs,
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


def predict(model: keras.Model, inputs: Inputs) -> Outputs:
    """Keras' own answers for n rows."""
    answers = model.predict(inputs["image"], batch_size=512, verbose=0)
    return {name: answers[name] for name in OUTPUTS}


def exported(model: keras.Model) -> bytes:
    """As ONNX. A model just loaded has to be called once before Keras exports it."""
    model(np.zeros((1, SIDE, SIDE, 1), np.uint8))
    return export.from_keras(model, {name: name for name in OUTPUTS})
