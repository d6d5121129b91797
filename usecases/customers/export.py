"""k-means as ONNX that answers a segment's number and name."""

from __future__ import annotations

from typing import Any

from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType

from kaizen.modeling.onnx_graph import canonical
from usecases.customers.features import NUMBERS
from usecases.customers.segments import names


def exported(model: Any) -> bytes:
    """ONNX with the input and the outputs of ``features``, in double precision.

    Single precision would lose a thousandth of short distances.
    """
    kind = DoubleTensorType([None, len(NUMBERS)])
    converted = to_onnx(model, initial_types=[("numbers", kind)])
    graph, words = converted.graph, [name.encode() for name in names(model)]
    graph.initializer.append(helper.make_tensor("one", TensorProto.INT64, (), [1]))
    graph.initializer.append(helper.make_tensor("words", TensorProto.STRING, (len(words),), words))
    graph.node.append(helper.make_node("Add", ["label", "one"], ["segment"]))
    graph.node.append(helper.make_node("Gather", ["words", "label"], ["name"]))
    distances = graph.output[1]
    del graph.output[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info("segment", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("name", TensorProto.STRING, [None]),
            distances,
        ]
    )
    return canonical(converted, {distances.name: "distances"})
