"""A trained pipeline as ONNX, its inputs the columns of a row."""

from __future__ import annotations

from typing import Any

from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.neighbors import KNeighborsClassifier

from kaizen.modeling.onnx_graph import canonical
from usecases.churn.features import CATEGORIES, NUMBERS


def exported(model: Any) -> bytes:
    """ONNX with the inputs of ``features`` and the one output ``probabilities``."""
    columns = [(name, FloatTensorType([None, 1])) for name in NUMBERS]
    columns += [(name, StringTensorType([None, 1])) for name in CATEGORIES]
    options: dict[int, dict[str, Any]] = {id(model): {"zipmap": False}}
    if isinstance(model[-1], KNeighborsClassifier):
        # ONNX Runtime's own operator for distances: 40 times as fast as a loop over rows.
        options[id(model[-1])] = {"zipmap": False, "optim": "cdist"}
    converted = to_onnx(model, initial_types=columns, options=options)
    del converted.graph.output[0]  # the label: the larger probability says the same
    return canonical(converted)
