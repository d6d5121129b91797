"""What a sweep tries: parameters, their values, and every combination of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Self

import yaml
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from kaizen.core.errors import UsageError
from kaizen.core.frozen import Frozen
from kaizen.core.tree import Tree, merge, number

FOLDS = 5
"""Where there is no validation part and no number is given."""
MOST = 256
"""Candidates of one sweep: each is a step of a pipeline and a run in MLflow."""


class SweepRule(Frozen):
    """What is tried before a challenger is trained, and how the best of it is found.

    Attributes:
        grid: parameter to its values; every combination is a candidate, the last parameter
            changing fastest.
        candidates: in the place of a grid, the candidates one by one: parameter to value.
        metric: what they are compared by; None for the gate's.
        folds: cross-validation on the training part; None for the validation part, and five
            folds where the split has none.
    """

    grid: dict[str, tuple[Any, ...]] = Field({})
    candidates: tuple[dict[str, Any], ...] = ()
    metric: str | None = None
    folds: int | None = Field(None, ge=2, le=20)

    @model_validator(mode="after")
    def _some_and_no_two_alike(self) -> Self:
        if bool(self.grid) == bool(self.candidates):
            found = "both" if self.grid else "neither"
            raise _wrong(f"expected a grid or a list of candidates, found {found}")
        if empty := [name for name, values in self.grid.items() if not values]:
            raise _wrong(f"expected at least one value of {empty[0]}")
        made = expand(self)
        if len(made) > MOST:
            raise _wrong(f"expected at most {MOST} candidates, found {len(made):,}")
        for at, candidate in enumerate(made):
            if candidate in made[:at]:
                raise _wrong(f"expected different candidates, found {in_words(candidate)} twice")
        return self


def expand(rule: SweepRule) -> list[Tree]:
    """The candidates in order, each as the part of ``params`` that it sets."""
    rows = [dict(zip(rule.grid, values, strict=True)) for values in product(*rule.grid.values())]
    made: list[Tree] = []
    for row in rule.candidates or rows:
        candidate: Tree = {}
        for name, value in row.items():
            candidate = merge(candidate, _nested(name, value))
        made.append(candidate)
    return made


def grid(texts: Sequence[str]) -> Tree:
    """``["alpha=0.1,0.4"]`` as ``{"alpha": [0.1, 0.4]}``, each value read as YAML.

    Raises:
        UsageError: there is no ``=``, no value, or a parameter stands twice.
    """
    found: Tree = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().removeprefix("params.")
        try:
            listed = yaml.safe_load(f"[{values}]")
        except yaml.YAMLError:
            listed = None
        if not equals or not name or not listed:
            raise UsageError(
                f"{text!r} is no grid: expected NAME=VALUES, for example alpha=0.1,0.4"
            )
        if name in found:
            raise UsageError(f"{name} stands twice in the grid: give all its values at once")
        found[name] = [number(value) for value in listed]
    return found


def typed(candidate: Mapping[str, Any], params: Mapping[str, Any]) -> Tree:
    """The candidate with the values that checked ``params`` hold: 1 where they say 1.0."""
    found: Tree = {}
    for name, value in candidate.items():
        whole = params.get(name, value)
        nested = isinstance(value, Mapping) and isinstance(whole, Mapping)
        found[name] = typed(value, whole) if nested else whole
    return found


def missing(usecase: str) -> UsageError:
    """The error for a sweep without candidates."""
    return UsageError(
        f"nothing to try: name values, as in `kaizen sweep {usecase} NAME=1,2,3`, "
        f"or give `sweep` to the configuration of {usecase}"
    )


def in_words(candidate: Mapping[str, Any], above: str = "") -> str:
    """A candidate as people write it: ``alpha=0.4 layers.width=8``."""
    parts = [
        in_words(value, f"{above}{name}.")
        if isinstance(value, Mapping)
        else f"{above}{name}={value}"
        for name, value in candidate.items()
    ]
    return " ".join(parts)


def _nested(name: str, value: Any) -> Tree:
    for part in reversed(name.split(".")):
        value = {part: value}
    nested: Tree = value
    return nested


def _wrong(reason: str) -> PydanticCustomError:
    return PydanticCustomError("sweep", "{reason}", {"reason": reason})
