"""The Keras side of documents: the network, its training and its own answers.

Imported only when a model is trained or exported: TensorFlow takes seconds to load.
"""

from __future__ import annotations

import math
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import Inputs, Outputs, Report, Trained
from kaizen.modeling import image_classifier, onnx_graph
from kaizen.modeling.augmentation import Batches
from usecases.documents.features import CLASSES
from usecases.documents.pictures import SIDE
from usecases.documents.settings import Params

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
BACKBONE = "backbone"


def build(params: Params) -> keras.Model:
    """A small CNN: image uint8 (n, 32, 32, 1) to probabilities (n, 3) and embedding (n, d)."""
    image = keras.Input((SIDE, SIDE, 1), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 255, name="rescale")(image)
    x = _backbone(params)(x)
    x = keras.layers.Dropout(params.dropout, name="drop")(x)
    embedding = keras.layers.Dense(params.embedding, activation="relu", name="embedding")(x)
    answer = keras.layers.Dense(len(CLASSES), activation="softmax", name="probabilities")(embedding)
    return keras.Model(image, {"probabilities": answer, "embedding": embedding}, name="documents")


def _backbone(params: Params) -> keras.Model:
    """The convolutions: what can be taken over from another training."""
    start = keras.Input((SIDE, SIDE, 1), name="pixels")
    x = start
    for at, filters in enumerate(params.filters):
        x = keras.layers.Conv2D(
            filters, 3, padding="same", use_bias=False, name=f"convolve_{at}"
        )(x)  # fmt: skip
        # Pooled first: the rest has a quarter of the work, and the maximum is the same.
        x = keras.layers.MaxPooling2D(name=f"pool_{at}")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"normalise_{at}")(x)
        x = keras.layers.ReLU(name=f"rectify_{at}")(x)
    # Not Flatten: it asks for the batch's shape, and what tf2onnx makes of that changes from one
    # process to the next.
    x = keras.ops.reshape(x, (-1, math.prod(x.shape[1:])))
    backbone = keras.Model(start, x, name=BACKBONE)
    if params.backbone_weights is not None:
        _take_over(backbone, params.backbone_weights.path)
    return backbone


def _take_over(backbone: keras.Model, path: Path) -> None:
    """Load ``backbone``'s weights from a file of its own or of a whole model.

    Raises:
        KaizenError: they are not the weights of such a backbone.
    """
    try:
        if path.suffix == ".keras":
            other = keras.saving.load_model(path, compile=False, safe_mode=True)
            if any(layer.name == BACKBONE for layer in other.layers):
                other = other.get_layer(BACKBONE)
            backbone.set_weights(other.get_weights())
        else:
            backbone.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        shapes = [tuple(weight.shape) for weight in backbone.weights if len(weight.shape) > 1]
        raise KaizenError(
            f"params.backbone_weights: {path} does not hold the weights of this backbone, whose "
            f"convolutions are {shapes}: {reason}; set params.filters as they were there"
        ) from error


def save_backbone(model: keras.Model, path: Path) -> None:
    """Write a trained model's convolutions for ``params.backbone_weights`` of a later one.

    Args:
        model: as :func:`build` makes it.
        path: ends with ``.keras`` or ``.weights.h5``.
    """
    backbone = model.get_layer(BACKBONE)
    if path.suffix == ".keras":
        backbone.save(path)
    else:
        backbone.save_weights(path)


def fit(
    params: Params,
    train: tuple[Images, Labels],
    validation: tuple[Images, Labels],
    seed: int,
    report: Report,
) -> Trained:
    """Train on images and class numbers; two runs with one seed end with equal weights.

    Raises:
        KaizenError: ``params.backbone_weights`` is no file of such weights.
    """
    image_classifier.seed_all(seed)
    return image_classifier.fit(
        build(params),
        Batches(
            *train,
            params.batch_size,
            seed,
            params.shift,
            params.turn,
            zoom=params.zoom,
            flip=params.flip,
        ),
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
