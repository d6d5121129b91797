"""How artifacts are stored: quick to read, and nothing that executes code when loaded.

Each has a digest of its content: what depends on it is cached by what it holds, so an artifact
made anew with the same content makes nothing run again. On this machine a table or an array is
read by mapping its file into memory: its values are not copied, and cannot be changed in place.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
from zenml.enums import ArtifactType, VisualizationType
from zenml.materializers.base_materializer import BaseMaterializer

from kaizen.core.errors import KaizenError
from kaizen.orchestration import previews

TRUSTED_TYPES = [
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
]
"""Types beyond skops' own defaults that a stored scikit-learn model may contain: scikit-learn's
own parts of calibrated models, neighbours, perceptrons and trees."""
ZSTD_LEVEL = 1
"""For stores elsewhere: the network is slower than this."""


class _Artifact(BaseMaterializer):
    """One file in the artifact's folder, and its digest."""

    SKIP_REGISTRATION: ClassVar[bool] = True
    FILE: ClassVar[str] = ""

    @property
    def _local(self) -> bool:
        return bool(self.artifact_store.config.is_local)

    def _path(self, name: str = "") -> str:
        return os.path.join(self.uri, name or self.FILE)

    def _read(self, name: str = "") -> bytes:
        with self.artifact_store.open(self._path(name), "rb") as file:
            content: bytes = file.read()
        return content

    def _write(self, content: bytes, name: str = "") -> None:
        with self.artifact_store.open(self._path(name), "wb") as file:
            file.write(content)

    def _preview(self, html: str) -> dict[str, VisualizationType]:
        self._write(html.encode(), "preview.html")
        return {self._path("preview.html"): VisualizationType.HTML}


class FrameMaterializer(_Artifact):
    """A DataFrame as Arrow: uncompressed and mapped on this machine, zstd elsewhere."""

    ASSOCIATED_TYPES: ClassVar[tuple[type, ...]] = (pd.DataFrame,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA
    FILE = "frame.arrow"

    _digest: str | None = None

    def load(self, data_type: type[Any]) -> pd.DataFrame:
        source = (
            pa.memory_map(self._path())
            if self._local
            else pa.BufferReader(pa.py_buffer(self._read()))
        )
        # A block of its own for each column: pandas can then take it as it lies in the file.
        return pa.ipc.open_file(source).read_all().to_pandas(split_blocks=True)

    def save(self, data: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(data)
        self._digest = _table_digest(table)
        if self._local:
            # Who has mapped an earlier file here keeps it: a new one takes its name.
            new = Path(self._path(f"{self.FILE}.new"))
            with pa.OSFile(str(new), "wb") as file:
                _write_table(table, file, None)
            new.replace(self._path())
        else:
            with self.artifact_store.open(self._path(), "wb") as file:
                _write_table(table, file, pa.Codec("zstd", compression_level=ZSTD_LEVEL))

    def compute_content_hash(self, data: pd.DataFrame) -> str:
        return self._digest or _table_digest(pa.Table.from_pandas(data))

    def extract_metadata(self, data: pd.DataFrame) -> dict[str, Any]:
        return {
            "rows": len(data),
            "columns": [str(name) for name in data.columns],
            "types": {str(name): str(kind) for name, kind in data.dtypes.items()},
            "bytes": int(data.memory_usage().sum()),
        }

    def save_visualizations(self, data: pd.DataFrame) -> dict[str, VisualizationType]:
        return self._preview(previews.frame(data))


class ArrayMaterializer(_Artifact):
    """A numpy array as ``.npy``, mapped on this machine; arrays of objects are refused."""

    ASSOCIATED_TYPES: ClassVar[tuple[type, ...]] = (np.ndarray,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA
    FILE = "array.npy"

    def load(self, data_type: type[Any]) -> np.ndarray:
        if self._local:
            try:
                return np.asarray(np.load(self._path(), mmap_mode="r", allow_pickle=False))
            except ValueError:  # nothing to map in an empty array; anything else raises again
                return _loaded(Path(self._path()))
        with self.artifact_store.open(self._path(), "rb") as file:
            return _loaded(file)

    def save(self, data: np.ndarray) -> None:
        with self.artifact_store.open(self._path(), "wb") as file:
            np.save(file, data, allow_pickle=False)

    def compute_content_hash(self, data: np.ndarray) -> str:
        digest = hashlib.sha256(f"{data.dtype.str} {data.shape}".encode())
        digest.update(np.ascontiguousarray(data).reshape(-1).view(np.uint8).data)
        return digest.hexdigest()

    def extract_metadata(self, data: np.ndarray) -> dict[str, Any]:
        return {"shape": tuple(data.shape), "dtype": str(data.dtype), "bytes": int(data.nbytes)}


class OnnxMaterializer(_Artifact):
    """An ONNX model as the bytes it is; what is no ONNX model is refused."""

    ASSOCIATED_TYPES: ClassVar[tuple[type, ...]] = (bytes,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL
    SKIP_REGISTRATION: ClassVar[bool] = True  # other bytes are not ONNX
    FILE = "model.onnx"

    def load(self, data_type: type[Any]) -> bytes:
        content = self._read()
        expected = self.expected_content_hash
        if expected and expected != self.compute_content_hash(content):
            raise KaizenError(
                f"{self._path()} is damaged: SHA-256 {expected} expected, "
                f"{self.compute_content_hash(content)} found; run the pipeline without its cache"
            )
        return content

    def save(self, data: bytes) -> None:
        _onnx(data)
        self._write(data)

    def compute_content_hash(self, data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    def extract_metadata(self, data: bytes) -> dict[str, Any]:
        model = _onnx(data)
        return {
            "bytes": len(data),
            "opset": {entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
            "inputs": [value.name for value in model.graph.input],
            "outputs": [value.name for value in model.graph.output],
            "operators": len(model.graph.node),
            "parameters": sum(int(np.prod(part.dims)) for part in model.graph.initializer),
        }


class ModelMaterializer(_Artifact):
    """A model in its framework's own safe form: ``.keras`` or skops."""

    ASSOCIATED_TYPES: ClassVar[tuple[type, ...]] = (object,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL
    SKIP_REGISTRATION: ClassVar[bool] = True
    KERAS = "model.keras"
    SKOPS = "model.skops"

    def load(self, data_type: type[Any]) -> Any:
        if not self.artifact_store.exists(self._path(self.KERAS)):
            import skops.io

            return skops.io.loads(self._read(self.SKOPS), trusted=TRUSTED_TYPES)
        import keras

        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder, self.KERAS)
            local.write_bytes(self._read(self.KERAS))
            return keras.saving.load_model(local, safe_mode=True)

    def save(self, data: Any) -> None:
        if not _is_keras(data):
            import skops.io

            self._write(skops.io.dumps(data), self.SKOPS)
            return
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder, self.KERAS)
            data.save(local)
            self._write(local.read_bytes(), self.KERAS)

    def compute_content_hash(self, data: Any) -> str:
        """Of what the model is and has learnt; its file holds times and names of the moment."""
        import joblib  # type: ignore[import-untyped]

        content = [data.to_json(), data.get_weights()] if _is_keras(data) else data
        digest: str = joblib.hash(content)
        return digest

    def extract_metadata(self, data: Any) -> dict[str, Any]:
        kind = {"type": f"{type(data).__module__}.{type(data).__qualname__}"}
        if _is_keras(data):
            return {**kind, "parameters": int(data.count_params()), "layers": len(data.layers)}
        return {**kind, "parameters": sum(int(np.size(value)) for value in _fitted(data).values())}

    def save_visualizations(self, data: Any) -> dict[str, VisualizationType]:
        title = f"{type(data).__name__}, {self.extract_metadata(data)['parameters']:,} parameters"
        if _is_keras(data):
            rows = [
                (layer.name, type(layer).__name__, layer.output.shape, layer.count_params())
                for layer in data.layers
            ]
            return self._preview(previews.table(title, ("layer", "kind", "output", "size"), rows))
        chosen = data.get_params(deep=False) if hasattr(data, "get_params") else {}
        learnt = {name: value.shape for name, value in _fitted(data).items()}
        facts = [*chosen.items(), *learnt.items()]
        return self._preview(previews.table(title, ("parameter", "value or shape"), facts))


def _write_table(table: pa.Table, file: Any, compression: pa.Codec | None) -> None:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())


def _table_digest(table: pa.Table) -> str:
    """Of the schema and the columns' buffers."""
    digest = hashlib.sha256(table.schema.serialize())
    for column in table.columns:
        for chunk in column.chunks:
            digest.update(f"{len(chunk)} {chunk.offset}".encode())
            for buffer in chunk.buffers():
                digest.update(b"-" if buffer is None else buffer)
    return digest.hexdigest()


def _loaded(file: Any) -> np.ndarray:
    array: np.ndarray = np.load(file, allow_pickle=False)
    return array


def _onnx(content: bytes) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise KaizenError(f"{len(content):,} bytes that are no ONNX model: {error}") from error
    if not model.graph.node:
        raise KaizenError(f"{len(content):,} bytes that are no ONNX model: it has no operators")
    return model


def _is_keras(model: Any) -> bool:
    return type(model).__module__.split(".")[0] == "keras"


def _fitted(model: Any) -> dict[str, np.ndarray]:
    """What a scikit-learn model has learnt, by scikit-learn's naming."""
    found = getattr(model, "__dict__", {}).items()
    return {
        name: value for name, value in found if name.endswith("_") and isinstance(value, np.ndarray)
    }
