"""The golden set: a few requests with the answers the trained model gave to them.

It travels with the model and is asked again at every door: after the export, in the Bento, on
the staging port and through the router.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kaizen.core.errors import KaizenError
from kaizen.core.usecase import Array, Outputs

TOLERANCE = 1e-4
"""Largest absolute difference that still counts as the same answer."""


@dataclass(frozen=True)
class Golden:
    """n requests, the training framework's outputs (name to n rows) and the responses due."""

    requests: list[dict[str, Any]]
    outputs: dict[str, list[Any]]
    responses: list[dict[str, Any]]

    def dump(self) -> str:
        """As JSON."""
        return json.dumps(self.__dict__, allow_nan=False)

    @classmethod
    def parse(cls, text: str | bytes) -> Golden:
        """From JSON."""
        return cls(**json.loads(text))


def largest_difference(golden: Golden, outputs: Outputs) -> float:
    """Largest absolute difference between the expected outputs and ``outputs``; NaN if any is.

    Text that differs is infinitely far apart.
    """
    return max(_apart(expected, outputs[name]) for name, expected in golden.outputs.items())


def _apart(expected: list[Any], found: Array) -> float:
    if found.dtype.kind in "OU":
        return 0.0 if expected == found.tolist() else math.inf
    return float(np.max(np.abs(np.asarray(expected, dtype=float) - found)))


def verify(golden: Golden, outputs: Outputs, tolerance: float = TOLERANCE) -> float:
    """The largest difference, where ``outputs`` are the ones due.

    Raises:
        KaizenError: an output is missing, has another shape, or differs by more than ``tolerance``.
    """
    for name, expected in golden.outputs.items():
        if name not in outputs:
            raise KaizenError(
                f"the model has no output {name!r} (it has {', '.join(outputs)}): "
                "the golden set expects one"
            )
        due, found = np.shape(expected), outputs[name].shape
        if due != found:
            raise KaizenError(f"output {name!r} has shape {found}, the golden set has {due}")
    difference = largest_difference(golden, outputs)
    if not difference <= tolerance:
        raise KaizenError(
            f"the model's answers to the golden set differ by {difference:.3g} from the trained "
            f"model's, at most {tolerance:g} is allowed"
        )
    return difference


def same(expected: Any, found: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two JSON answers agree: numbers within ``tolerance``, all else exactly."""
    if isinstance(expected, Mapping):
        return (
            isinstance(found, Mapping)
            and expected.keys() <= found.keys()
            and all(same(value, found[key], tolerance) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(expected) == len(found)
            and all(same(a, b, tolerance) for a, b in zip(expected, found, strict=True))
        )
    if isinstance(expected, float) and isinstance(found, int | float):
        return math.isclose(expected, found, rel_tol=0, abs_tol=tolerance)
    return bool(expected == found)
