"""From a trained model to ONNX, with the proof that both answer alike."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kaizen.core.usecase import UseCase
from kaizen.inference.golden import Golden, verify
from kaizen.inference.scorer import Scorer

GOLDEN_ROWS = 32


def export(case: UseCase, model: Any, rows: pd.DataFrame) -> tuple[bytes, Golden, float]:
    """ONNX bytes, the golden set made of the first of ``rows``, and the largest difference.

    ``rows`` must not be holdout rows: the golden set travels with the model.

    Raises:
        KaizenError: the exported model answers differently from the trained one.
    """
    onnx = case.export(model)
    sample = rows.head(GOLDEN_ROWS)
    inputs = case.features.decode(sample)
    outputs = case.predict(model, inputs)
    golden = Golden(
        requests=[
            case.features.request({str(key): value for key, value in row.items()})
            for row in sample.to_dict("records")
        ],
        outputs={name: values.tolist() for name, values in outputs.items()},
        responses=[answer.model_dump(mode="json") for answer in case.features.respond(outputs)],
    )
    return onnx, golden, verify(golden, Scorer(onnx)(inputs))
