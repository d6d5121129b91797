"""How artifacts are stored: quick to read, and nothing that executes code when loaded."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import feather
from zenml.enums import ArtifactType
from zenml.materializers.base_materializer import BaseMaterializer

TRUSTED_TYPES: list[str] = []
"""Types beyond skops' own defaults that a stored scikit-learn model may contain."""


class FrameMaterializer(BaseMaterializer):
    """A DataFrame as uncompressed Arrow, memory-mapped on reading."""

    ASSOCIATED_TYPES: ClassVar[tuple[type, ...]] = (pd.DataFrame,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA

    @property
    def _file(self) -> str:
        return os.path.join(self.uri, "frame.arrow")

    def load(self, data_type: type[Any]) -> pd.DataFrame:
        with self.artifact_store.open(self._file, "rb") as file:
            return feather.read_table(file).to_pandas()

    def save(self, data: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(data)
        with self.artifact_store.open(self._file, "wb") as file:
            feather.write_feather(table, file, compression="uncompressed")

    def extract_metadata(self, data: pd.DataFrame) -> dict[str, Any]:
        return {"rows": len(data), "columns": [str(name) for name in data.columns]}


class ArrayMaterializer(BaseMaterializer):
    """A numpy array as ``.npy``; arrays of objects are refused."""

    ASSOCIATED_TYPES: ClassVar[tuple[type, ...]] = (np.ndarray,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA

    @property
    def _file(self) -> str:
        return os.path.join(self.uri, "array.npy")

    def load(self, data_type: type[Any]) -> np.ndarray:
        with self.artifact_store.open(self._file, "rb") as file:
            array: np.ndarray = np.load(file, allow_pickle=False)
            return array

    def save(self, data: np.ndarray) -> None:
        with self.artifact_store.open(self._file, "wb") as file:
            np.save(file, data, allow_pickle=False)

    def extract_metadata(self, data: np.ndarray) -> dict[str, Any]:
        return {"shape": tuple(data.shape), "dtype": str(data.dtype)}


class ModelMaterializer(BaseMaterializer):
    """A model in its framework's own safe form: ``.keras`` or skops."""

    ASSOCIATED_TYPES: ClassVar[tuple[type, ...]] = (object,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL
    SKIP_REGISTRATION: ClassVar[bool] = True

    def _path(self, name: str) -> str:
        return os.path.join(self.uri, name)

    def load(self, data_type: type[Any]) -> Any:
        if self.artifact_store.exists(self._path("model.keras")):
            import keras

            with tempfile.TemporaryDirectory() as folder:
                local = self._fetch("model.keras", folder)
                return keras.saving.load_model(local, safe_mode=True)
        import skops.io

        with tempfile.TemporaryDirectory() as folder:
            return skops.io.load(self._fetch("model.skops", folder), trusted=TRUSTED_TYPES)

    def save(self, data: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            if type(data).__module__.startswith("keras."):
                local = Path(folder, "model.keras")
                data.save(local)
            else:
                import skops.io

                local = Path(folder, "model.skops")
                skops.io.dump(data, local)
            with self.artifact_store.open(self._path(local.name), "wb") as file:
                file.write(local.read_bytes())

    def extract_metadata(self, data: Any) -> dict[str, Any]:
        return {"type": f"{type(data).__module__}.{type(data).__qualname__}"}

    def _fetch(self, name: str, folder: str) -> Path:
        local = Path(folder, name)
        with self.artifact_store.open(self._path(name), "rb") as file:
            local.write_bytes(file.read())
        return local
