"""The configuration of a run: YAML, overlays, preset and ``--set``, checked and frozen.

Later wins: ``configs/NAME.yaml``, ``configs/env/$KAIZEN_ENV.yaml``, the preset, ``--config FILE``,
``--set``. Unknown keys are refused with the nearest known one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from kaizen import candidates, catalog
from kaizen.candidates import SweepRule
from kaizen.errors import UsageError, unknown
from kaizen.frozen import Frozen as Frozen  # noqa: PLC0414 - settings begin here
from kaizen.paths import PROJECT_ROOT
from kaizen.tree import Tree, assignment, merge
from kaizen.tree import read as read  # noqa: PLC0414
from kaizen.usecase import Features

Model = TypeVar("Model", bound=BaseModel)


class HashSplit(Frozen):
    """A row's part follows from a keyed hash of its content: growing data never moves a row.

    Attributes:
        holdout, validation: shares of the rows.
        key: another key is another split.
        by: a column; rows with one value in it stay together, and that value alone is hashed.
    """

    KIND: Literal["hash"] = "hash"
    holdout: float = Field(0.2, gt=0, lt=1)
    validation: float = Field(0.1, ge=0, lt=1)
    key: str = "kaizen"
    by: str | None = None


class FixedSplit(Frozen):
    """scikit-learn's ``train_test_split``, to reproduce a published figure. No validation part."""

    KIND: Literal["fixed"] = "fixed"
    holdout: float = Field(0.2, gt=0, lt=1)
    seed: int = Field(0, ge=0)


SplitRule = Annotated[HashSplit | FixedSplit, Field(discriminator="KIND")]


class GateRule(Frozen):
    """When a challenger replaces the champion. Shares are relative to the champion's metric.

    Attributes:
        metric: what is compared, by its scikit-learn name.
        direction: which way is better.
        margin: least relative gain that counts as better.
        tolerance: relative loss that still counts as "not worse".
        risk: largest accepted probability of a loss beyond ``tolerance``.
        resamples: number of paired bootstrap draws.
    """

    metric: str
    direction: Literal["higher", "lower"]
    margin: float = Field(0.005, ge=0)
    tolerance: float = Field(0.05, ge=0)
    risk: float = Field(0.05, gt=0, lt=1)
    resamples: int = Field(2000, ge=200)


class ServingRule(Frozen):
    """How a model is served: worker processes, and what one of them takes on.

    Attributes:
        workers: worker processes; auto as many as there are cores to use, two at least.
        max_body_bytes: largest body of a request.
        max_rows: most rows in one request.
        max_concurrency: requests in work at once per worker; more are turned away.
        timeout_s: longest time for an answer.
        read_timeout_s: longest time for a request's body to arrive.
        require_key: whether a prediction needs an API key; auto where others than this machine
            can ask.
    """

    workers: int | Literal["auto"] = 1
    max_body_bytes: int = Field(8 * 2**20, ge=1)
    max_rows: int = Field(4096, ge=1)
    max_concurrency: int = Field(64, ge=1)
    timeout_s: float = Field(10.0, gt=0, le=60)
    read_timeout_s: float = Field(10.0, gt=0, le=60)
    require_key: Literal["auto", "always", "never"] = "auto"

    @field_validator("workers", mode="before")
    @classmethod
    def _count(cls, workers: Any) -> Any:
        if workers != "auto" and (type(workers) is not int or not 1 <= workers <= 64):
            raise PydanticCustomError("workers", "expected 1 to 64, or auto")
        return workers


class EventsRule(Frozen):
    """What is kept of the predictions that were answered, and for how long.

    Attributes:
        redact: fields of a row that are never written down: null in their place (``drop``), or a
            keyed hash by which equal values of one home can still be joined (``hash``).
        keep_days: days for which compacted events are kept; None for ever.
        max_bytes: size to which the events of a use case may grow; None for any.
    """

    redact: dict[str, Literal["drop", "hash"]] = Field(default_factory=dict)
    keep_days: float | None = Field(None, ge=1)
    max_bytes: int | None = Field(None, ge=256 * 2**20)

    def check(self, features: Features) -> None:
        """Refuse fields that a row does not have.

        Raises:
            UsageError: there is one; the nearest known field is offered.
        """
        for name in self.redact:
            if name not in features.Request.model_fields:
                raise unknown("field in events.redact", name, features.Request.model_fields)


class RolloutRule(Frozen):
    """How a promoted model takes over from the one that is served.

    Attributes:
        stages: its shares of the requests in percent, rising to 100.
        min_requests: answers of the new model that end a stage before 100.
        max_seconds: longest such stage; then its golden set and a replay decide.
        keep_warm_s: how long the old model runs on without requests, for a fast way back.
        replay_events: how many recent requests the new model is asked before it gets its first
            share, and again when a stage had too few; 0 for none.
        max_changed: largest share of them that it may answer otherwise; None for any.
        replay_tolerance: numbers no further apart are the same answer.
    """

    stages: tuple[int, ...] = (100,)
    min_requests: int = Field(200, ge=1)
    max_seconds: float = Field(600.0, gt=0)
    keep_warm_s: float = Field(300.0, ge=0)
    replay_events: int = Field(200, ge=0, le=10_000)
    max_changed: float | None = Field(None, ge=0, le=1)
    replay_tolerance: float = Field(1e-4, ge=0)

    @field_validator("stages")
    @classmethod
    def _rise(cls, stages: tuple[int, ...]) -> tuple[int, ...]:
        rising = all(low < high for low, high in pairwise((0, *stages)))
        if not rising or not stages or stages[-1] != 100:
            raise PydanticCustomError("stages", "expected rising shares that end with 100")
        return stages


class Config(Frozen):
    """The effective configuration of one run; ``params`` and ``data`` are the use case's own."""

    usecase: str
    seed: int = Field(0, ge=0)
    data: Any
    params: Any
    split: SplitRule = HashSplit()
    gate: GateRule
    serving: ServingRule = ServingRule()
    rollout: RolloutRule = RolloutRule()
    events: EventsRule = EventsRule()
    sweep: SweepRule | None = None

    @property
    def folds(self) -> int | None:
        """How candidates are judged: by so many folds, or None for the validation part."""
        wanted = self.sweep.folds if self.sweep else None
        bare = isinstance(self.split, FixedSplit) or self.split.validation == 0
        return wanted or (candidates.FOLDS if bare else None)

    def record(self) -> Tree:
        """As plain data, for the record of a run; no word of a sweep where there is none."""
        return self.model_dump(mode="json", exclude=None if self.sweep else {"sweep"})


def load(
    name: str,
    preset: str | None = None,
    settings: Sequence[str] = (),
    file: Path | None = None,
    grid: Sequence[str] = (),
) -> Config:
    """The effective configuration of use case ``name``.

    ``grid`` (``["alpha=0.1,0.4"]``) takes the place of the configured candidates.

    Raises:
        UsageError: unknown use case, preset, key or value; a file that is not there or not YAML.
    """
    catalog.check(name)
    tree = read(PROJECT_ROOT / "configs" / f"{name}.yaml")
    presets = cast(Tree, tree.pop("presets", {}))
    layers: list[Tree] = []
    if environment := os.environ.get("KAIZEN_ENV"):
        layers.append(_environment(environment))
    if preset is not None:
        if preset not in presets:
            raise unknown("preset", preset, presets)
        layers.append(presets[preset])
    if file is not None:
        layers.append(read(file))
    layers += [assignment(text) for text in settings]
    for layer in layers:
        tree = merge(tree, layer)
    if tree.get("usecase", name) != name:
        raise UsageError(f"the configuration is for use case {tree['usecase']!r}, not {name!r}")
    case = catalog.usecase(name)
    tree = {**tree, "usecase": name}
    if isinstance(split := tree.get("split"), dict):
        tree["split"] = {"KIND": "hash", **split}
    tree["data"] = check(case.Data, tree.get("data") or {}, "data")
    params = tree.get("params") or {}
    tree["params"] = check(case.Params, params, "params")
    if grid:
        tree["sweep"] = {**(tree.get("sweep") or {}), "grid": candidates.grid(grid)}
        tree["sweep"].pop("candidates", None)
    config = check(Config, tree)
    config.events.check(case.features)
    for candidate in candidates.expand(config.sweep) if config.sweep else ():
        check(case.Params, merge(params, candidate), "params")
    return config


def events_rule(name: str) -> EventsRule:
    """What use case ``name`` says of its events, without importing its training framework.

    Raises:
        UsageError: as :func:`load`, as far as it concerns events.
    """
    tree = read(PROJECT_ROOT / "configs" / f"{catalog.check(name)}.yaml")
    if environment := os.environ.get("KAIZEN_ENV"):
        tree = merge(tree, _environment(environment))
    return check(EventsRule, tree.get("events") or {}, "events")


def restore(record: Tree) -> Config:
    """The configuration that :meth:`Config.record` recorded.

    Raises:
        UsageError: it does not fit the code of today.
    """
    case = catalog.usecase(record["usecase"])
    typed = {
        "data": check(case.Data, record["data"], "data"),
        "params": check(case.Params, record["params"], "params"),
    }
    return check(Config, {**record, **typed})


def _environment(name: str) -> Tree:
    folder = PROJECT_ROOT / "configs" / "env"
    known = [path.stem for path in folder.glob("*.yaml")]
    if name not in known:
        raise unknown("environment (KAIZEN_ENV)", name, known)
    return read(folder / f"{name}.yaml")


def check(model: type[Model], tree: Mapping[str, Any], prefix: str = "") -> Model:
    """``tree`` as a ``model``.

    Raises:
        UsageError: the first thing that is wrong, in words, with the nearest known key.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise _in_words(model, error, prefix) from None


def _in_words(model: type[BaseModel], error: ValidationError, prefix: str) -> UsageError:
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"] if part not in ("hash", "fixed")]
    name = ".".join(filter(None, [prefix, *path]))
    if first["type"] == "extra_forbidden":
        return unknown("key", name, _keys(model, path[:-1], prefix))
    if first["type"] == "missing":
        return UsageError(f"{name} is missing from the configuration")
    return UsageError(f"{name} is {first['input']!r}: {_lower(first['msg'])}")


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _keys(model: type[BaseModel], path: Sequence[str], prefix: str) -> list[str]:
    """The keys known where an unknown one stood, written in full."""
    kinds: list[type[BaseModel]] = [model]
    for part in path:
        kinds = [kind for owner in kinds for kind in _models(owner, part)]
    names = {field for kind in kinds for field in kind.model_fields}
    return [".".join(filter(None, [prefix, *path, name])) for name in sorted(names)]


def _models(owner: type[BaseModel], name: str) -> list[type[BaseModel]]:
    if name not in owner.model_fields:
        return []
    annotation = owner.model_fields[name].annotation
    options = getattr(annotation, "__args__", None) or (annotation,)
    return [kind for kind in options if isinstance(kind, type) and issubclass(kind, BaseModel)]
