from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from kaizen.core.errors import KaizenError
from kaizen.inference.scorer import Scorer
from kaizen.modeling.onnx_graph import canonical

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def model(mark: str, turned: bool) -> onnx.ModelProto:
    """x * 2 + 1, under names that carry ``mark``, its weights in either order."""
    weights = [
        numpy_helper.from_array(np.float32([[2, 2, 2]]), f"{mark}/two"),
        numpy_helper.from_array(np.float32([[1, 1, 1]]), f"{mark}/one"),
    ]
    nodes = [
        helper.make_node("Mul", ["x", f"{mark}/two"], [f"{mark}/m"], name=f"{mark}/mul"),
        helper.make_node("Add", [f"{mark}/m", f"{mark}/one"], [f"{mark}/y"], doc_string=mark),
    ]
    graph = helper.make_graph(
        nodes,
        f"graph {mark}",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [f"unk_{mark}", 3])],
        [helper.make_tensor_value_info(f"{mark}/y", TensorProto.FLOAT, [f"unk_{mark}", 3])],
        weights[::-1] if turned else weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    helper.set_model_props(made, {"made by": mark})
    return made


def test_the_same_weights_are_the_same_bytes_and_answers() -> None:
    one = canonical(model("a12", turned=False), {"a12/y": "answer"})
    two = canonical(model("b7", turned=True), {"b7/y": "answer"})
    assert one == two
    scorer = Scorer(one)
    assert (scorer.inputs, scorer.outputs) == (["x"], ["answer"])
    np.testing.assert_array_equal(scorer({"x": X})["answer"], X * 2 + 1)
    np.testing.assert_array_equal(scorer({"x": X[:1]})["answer"], X[:1] * 2 + 1)


def test_an_output_that_is_not_there() -> None:
    with pytest.raises(KaizenError, match=r"has outputs \['a/y'\]: expected \['y'\] too"):
        canonical(model("a", turned=False), {"y": "answer"})
