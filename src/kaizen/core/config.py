"""The configuration of a run: YAML, overlays, preset and ``--set``, checked and frozen.

Later wins: ``configs/NAME.yaml``, ``configs/env/$KAIZEN_ENV.yaml``, the preset, ``--config FILE``,
``--set``. Unknown keys are refused with the nearest known one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, Field, ValidationError

from kaizen.core import candidates, catalog, project
from kaizen.core.candidates import SweepRule
from kaizen.core.errors import UsageError, unknown
from kaizen.core.frozen import Frozen as Frozen  # noqa: PLC0414 - settings begin here
from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.settings import (
    EventsRule,
    FixedSplit,
    GateRule,
    HashSplit,
    RolloutRule,
    ServingRule,
    SplitRule,
)
from kaizen.core.tree import Tree, assignment, merge
from kaizen.core.tree import read as read  # noqa: PLC0414

Model = TypeVar("Model", bound=BaseModel)


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
    monitoring: MonitoringRule = MonitoringRule()
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
    tree = _file(name)
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
    """What use case ``name`` says of its events."""
    return _section(name, "events", EventsRule)


def monitoring_rule(name: str, settings: Sequence[str] = ()) -> MonitoringRule:
    """How use case ``name`` is watched."""
    return _section(name, "monitoring", MonitoringRule, settings)


def gate_rule(name: str) -> GateRule:
    """What models of use case ``name`` are compared by."""
    return _section(name, "gate", GateRule)


def _section(name: str, key: str, model: type[Model], settings: Sequence[str] = ()) -> Model:
    """A part of the configuration, without importing the use case's training framework.

    Raises:
        UsageError: as :func:`load`, as far as it concerns this part.
    """
    tree = _file(name)
    if environment := os.environ.get("KAIZEN_ENV"):
        tree = merge(tree, _environment(environment))
    for text in settings:
        tree = merge(tree, assignment(text))
    return check(model, tree.get(key) or {}, key)


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


def _file(name: str) -> Tree:
    return read(project.current().configs / f"{catalog.check(name)}.yaml")


def _environment(name: str) -> Tree:
    folder = project.current().environments
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
    found = error.errors(include_url=False)
    # A misspelt key is also one that is missing: the nearest known one says more.
    first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
    path, kinds = _followed(model, first["loc"])
    name = ".".join(filter(None, [prefix, *path]))
    if first["type"] == "extra_forbidden":
        return unknown("key", name, _keys(model, first["loc"], prefix))
    if first["type"] == "missing":
        return UsageError(f"{name} is missing from the configuration")
    if first["type"] == "union_tag_not_found":
        known = ", ".join(sorted(filter(None, map(_tag, kinds))))
        return UsageError(f"{name}.KIND is missing from the configuration: expected {known}")
    if first["type"] == "union_tag_invalid":
        return unknown(f"{name}.KIND", first["ctx"]["tag"], filter(None, map(_tag, kinds)))
    if isinstance(first["input"], Mapping):
        return UsageError(f"{name}: {_lower(first['msg'])}")
    if first["type"] == "secret":  # which may not be shown
        return UsageError(f"{name}: {first['msg']}")
    if first["type"] == "channel":  # named in full
        return UsageError(first["msg"])
    return UsageError(f"{name} is {first['input']!r}: {_lower(first['msg'])}")


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _keys(model: type[BaseModel], loc: Sequence[int | str], prefix: str) -> list[str]:
    """The keys known where an unknown one stood, written in full."""
    path, kinds = _followed(model, loc[:-1])
    names = {field for kind in kinds for field in kind.model_fields}
    return [".".join(filter(None, [prefix, *path, name])) for name in sorted(names)]


def _followed(
    model: type[BaseModel], loc: Sequence[int | str]
) -> tuple[list[str], list[type[BaseModel]]]:
    """The path of a key as it is written, and which models may stand there.

    pydantic puts the KIND of a union's member into its path as well.
    """
    path, kinds = [], [model]
    for part in loc:
        if str(part).startswith("<"):  # the tag of a union that is told apart by what it holds
            kinds = [kind for kind in kinds if f"<{_tag(kind)}>" == part] or kinds
            continue
        if len(kinds) > 1 and (chosen := [kind for kind in kinds if _tag(kind) == part]):
            kinds = chosen
            continue
        owners = [kind for kind in kinds if part in kind.model_fields]
        path.append(str(part))
        if owners:
            fields = [owner.model_fields[str(part)].annotation for owner in owners]
            kinds = [kind for field in fields for kind in _models(field)]
    return path, kinds


def _tag(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("KIND")
    return field.default if field else None


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in an annotation, however deep: of a union, a list, the values of a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in _models(part)]
