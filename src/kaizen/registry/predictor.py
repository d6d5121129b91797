"""A registered model in this process: ``kaizen.load("digits@champion")``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from kaizen.core import catalog
from kaizen.core.errors import UsageError
from kaizen.core.usecase import Array, Features, Inputs, InvalidInput, Outputs
from kaizen.inference.scorer import Scorer
from kaizen.registry import versions
from kaizen.registry.versions import ModelVersion

Rows = Sequence[Mapping[str, Any]] | pd.DataFrame | Array


class Predictor:
    """One version, asked as the service asks it: same decoding, same ONNX Runtime, same answers.

    Attributes:
        features: what a request to it is.
        scorer: its model.
    """

    def __init__(self, features: Features, model: bytes, version: ModelVersion) -> None:
        self.features = features
        self.scorer = Scorer(model)
        self._version = version

    @property
    def usecase(self) -> str:
        """The use case's name."""
        return self._version.usecase

    @property
    def version(self) -> str:
        """The version's number in the registry."""
        return self._version.version

    def predict(self, rows: Rows) -> list[dict[str, Any]]:
        """One answer per row, in order, as the service's JSON would hold it.

        Args:
            rows: requests as mappings; or a DataFrame of the use case's columns; or an array
                (n, *shape) where the use case takes bare arrays.

        Raises:
            InvalidInput: a row cannot be scored; ``field`` and ``row`` say which.
        """
        if not len(rows):
            return []
        answers = self.features.respond(self.outputs(rows))
        return [answer.model_dump(mode="json") for answer in answers]

    def outputs(self, rows: Rows) -> Outputs:
        """The model's raw outputs for n rows, by ONNX name. Raises as :meth:`predict`."""
        return self.scorer(self._inputs(rows))

    def _inputs(self, rows: Rows) -> Inputs:
        if isinstance(rows, np.ndarray):
            return self.features.decode(self.features.unpack(self._array(rows)))
        if isinstance(rows, pd.DataFrame):
            return self.features.decode(self._columns(rows))
        return self.features.decode(self._checked(rows))

    def _array(self, rows: Array) -> Array:
        spec = self.features.array
        if spec is None:
            raise InvalidInput("array", f"{self.usecase} takes no bare arrays: give rows by name")
        if rows.shape[1:] != spec.shape:
            expected = ", ".join(["n", *map(str, spec.shape)])
            raise InvalidInput("array", f"shape is {rows.shape}, expected ({expected})")
        with np.errstate(invalid="ignore"):
            exact = rows.astype(spec.dtype)
        if not np.can_cast(rows.dtype, spec.dtype, "same_kind") and not np.array_equal(exact, rows):
            raise InvalidInput("array", f"holds {rows.dtype}, expected {spec.dtype}")
        return exact

    def _columns(self, frame: pd.DataFrame) -> dict[str, pd.Series]:
        fields = self.features.Request.model_fields
        needed = [name for name, field in fields.items() if field.is_required()]
        if absent := [name for name in needed if name not in frame]:
            raise InvalidInput(absent[0], f"column {absent[0]!r} is missing from the table")
        frame = frame.reset_index(drop=True)
        return {str(name): frame[name] for name in frame.columns}

    def _checked(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """Rows as columns, each row checked against the schema of a request."""
        request = self.features.Request
        valid = []
        for place, row in enumerate(rows):
            try:
                valid.append(request.model_validate(row))
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                field = ".".join(map(str, first["loc"])) or "row"
                raise InvalidInput(field, f"{field}: {first['msg']}", place) from None
        return {name: [getattr(row, name) for row in valid] for name in request.model_fields}


def load(ref: str) -> Predictor:
    """The model that ``ref`` names: ``digits`` (its champion), ``digits@champion``, ``digits@3``.

    Raises:
        UsageError: no such use case, version or alias; the nearest one is offered.
        KaizenError: the model's file is gone or is not what was registered.
    """
    usecase, name = parse(ref)
    version = versions.get(usecase, name)
    model = versions.onnx_bytes(usecase, version.version)
    return Predictor(catalog.features(usecase), model, version)


def parse(ref: str) -> tuple[str, str]:
    """Use case and version (or alias) of ``USECASE``, ``USECASE@ALIAS`` or ``USECASE@VERSION``.

    Raises:
        UsageError: no such use case, or nothing behind the ``@``.
    """
    usecase, at, version = ref.partition("@")
    catalog.check(usecase)
    if at and not version:
        raise UsageError(f"{ref!r} names no version: expected {usecase}@champion or {usecase}@3")
    return usecase, version or versions.CHAMPION
