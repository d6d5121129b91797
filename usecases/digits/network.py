"""The Keras side of digits: the network, its training and its own answers.

Imported only when a model is trained or exported: TensorFlow takes seconds to load.
"""

from __future__ import annotations

import math

import keras
import numpy as np
from numpy.typing import NDArray

from kaizen.core.usecase import Inputs, Outputs, Report, Trained
from kaizen.modeling import image_classifier, onnx_graph
from kaizen.modeling.augmentation import Batches
from usecases.digits.features import SIDE
from usecases.digits.settings import Params

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


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
    """Train on images and labels; two runs with one seed end with equal weights."""
    image_classifier.seed_all(seed)
    return image_classifier.fit(
        build(params),
        Batches(*train, params.batch_size, seed, params.shift, params.turn),
        validation,
        epochs=params.epochs,
        learning_rate=params.learning_rate,
        patience=params.patience,
        report=report,
    )


def predict(model: keras.Model, inputs: Inputs) -> Outputs:
    """Keras' own answers for n rows."""
    return image_classifier.predict(model, inputs["image"])


def exported(model: keras.Model) -> bytes:
    """As ONNX. A model just loaded has to be called once before Keras exports it."""
    model(np.zeros((1, SIDE, SIDE, 1), np.uint8))
    return onnx_graph.from_keras(model, {name: name for name in image_classifier.OUTPUTS})
