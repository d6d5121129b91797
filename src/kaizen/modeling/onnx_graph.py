"""ONNX with our names, and the same bytes for the same weights."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from kaizen.core.errors import KaizenError

if TYPE_CHECKING:
    import keras


def from_keras(model: keras.Model, outputs: Mapping[str, str]) -> bytes:
    """A built Keras model as ONNX, through Keras' own export.

    Args:
        model: a model whose inputs are named, and whose outputs are a mapping.
        outputs: name in the graph to name wanted.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False)
        return canonical(onnx.load(path), outputs)


def canonical(model: onnx.ModelProto, outputs: Mapping[str, str] | None = None) -> bytes:
    """``model`` with ``outputs`` renamed and every name in between replaced by a number.

    Converters put counters of their process into these names, and order the weights at random.

    Raises:
        KaizenError: the graph has no output of a name in ``outputs``.
    """
    graph = model.graph
    outputs = outputs or {}
    found = [entry.name for entry in graph.output]
    if missing := outputs.keys() - set(found):
        raise KaizenError(f"the export has outputs {found}: expected {sorted(missing)} too")
    names = {entry.name: entry.name for entry in graph.input}
    names |= {name: outputs.get(name, name) for name in found}
    names[""] = ""  # an optional input that is left out
    for at, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{at}"
        node.doc_string = ""
        node.input[:] = [names.setdefault(name, f"value_{len(names):04}") for name in node.input]
        node.output[:] = [names.setdefault(name, f"value_{len(names):04}") for name in node.output]
    weights = [weight for weight in graph.initializer if weight.name in names]
    for weight in weights:
        weight.name = names[weight.name]
    weights.sort(key=lambda weight: weight.name)  # converters keep them in a set
    del graph.initializer[:]
    graph.initializer.extend(weights)
    for entry in (*graph.input, *graph.output):
        entry.name = names[entry.name]
        entry.doc_string = ""
        _free_batch(entry)
    del graph.value_info[:]  # shapes of values in between, under their old names
    del model.metadata_props[:]
    graph.name = "model"
    graph.doc_string = model.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _free_batch(entry: onnx.ValueInfoProto) -> None:
    first = entry.type.tensor_type.shape.dim[0]
    first.Clear()
    first.dim_param = "n"
