"""Imports ZenML without what no run of ours needs.

ZenML defines some 730 pydantic models and builds the validator of each at import; a run uses a
fraction of them. Here a model is built when it is first used. The names of pydantic's internals
that this leans on are checked by a test; under another pydantic the import is merely slow again.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pydantic
from pydantic._internal import _fields, _generate_schema, _generics, _mock_val_ser
from pydantic._internal import _model_construction as construction

MODULES = ("zenml", "zenml.client", "zenml.zen_stores.sql_zen_store")
"""What every run on a local stack imports."""
PYDANTIC = "2.12."

_building = threading.RLock()
_embedded: set[type[pydantic.BaseModel]] = set()
_following = False


def load() -> None:
    """Import ZenML; nothing happens where it is imported already. Safe to repeat."""
    if "zenml" in sys.modules:
        return
    with _no_collection():
        if pydantic.VERSION.startswith(PYDANTIC):
            _put_models_off()
        for name in MODULES:
            importlib.import_module(name)
    atexit.register(gc.freeze)  # At the end, too, there is nothing to find.


@contextmanager
def _no_collection() -> Iterator[None]:
    """The garbage collector finds nothing among classes and functions, now or later (-9 %)."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()


def _put_models_off() -> None:
    """ZenML's models are built when they are first used (-35 % of the import)."""
    build: Any = construction
    build.complete_model_class = _put_off(build.complete_model_class)
    generate: Any = _generate_schema.GenerateSchema
    generate._model_schema = _noticed(generate._model_schema)
    base: Any = pydantic.BaseModel
    base.model_rebuild = classmethod(_one_at_a_time(base.model_rebuild.__func__))
    os.register_at_fork(after_in_child=_new_lock)


def _is_zenml(cls: type) -> bool:
    return cls.__module__.startswith("zenml.")


def _put_off(complete: Callable[..., bool]) -> Callable[..., bool]:
    """When it is defined a model gets its fields; pydantic's own stand-ins build the rest later."""

    def complete_model_class(
        cls: type[pydantic.BaseModel], config: Any, names: Any, **options: Any
    ) -> bool:
        # By itself pydantic builds with raise_errors=False: a new class, or one that is used.
        # "create_model_module" tells the first from the second; a call of model_rebuild raises.
        used = not options.get("raise_errors", True) and "create_model_module" not in options
        if not _is_zenml(cls) or used:
            done = complete(cls, config, names, **options)
            _build_embedded()
            return done
        if not cls.__pydantic_fields_complete__ and "create_model_module" not in options:
            cls.__pydantic_fields__ = _fields.rebuild_model_fields(
                cls,
                config_wrapper=config,
                ns_resolver=names,
                typevars_map=_generics.get_model_typevars_map(cls),
            )
        _mock_val_ser.set_model_mocks(cls)
        return True

    return complete_model_class


def _noticed(model_schema: Callable[..., Any]) -> Callable[..., Any]:
    def _model_schema(self: Any, cls: type[pydantic.BaseModel]) -> Any:
        if _is_zenml(cls) and not cls.__pydantic_complete__:
            _embedded.add(cls)
        return model_schema(self, cls)

    return _model_schema


def _build_embedded() -> None:
    """Who is part of a built model is built too: its objects are also written by themselves."""
    global _following  # noqa: PLW0603
    with _building:
        if _following:
            return
        _following = True
        try:
            while _embedded:
                _embedded.pop().model_rebuild(raise_errors=False)
        finally:
            _following = False


def _one_at_a_time(rebuild: Callable[..., bool | None]) -> Callable[..., bool | None]:
    """Steps run in threads, and pydantic builds a model in one thread at a time only."""

    def model_rebuild(
        cls: type[pydantic.BaseModel], *, _parent_namespace_depth: int = 2, **options: Any
    ) -> bool | None:
        # pydantic looks for names in the caller's frame, which is one further away now.
        depth = _parent_namespace_depth + 1
        with _building if _is_zenml(cls) else nullcontext():
            return rebuild(cls, _parent_namespace_depth=depth, **options)

    return model_rebuild


def _new_lock() -> None:
    """A thread of the parent's may hold the lock for ever in a forked child."""
    global _building  # noqa: PLW0603
    _building = threading.RLock()
