"""Settings as a tree of plain values: read, assigned one by one, laid on one another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from kaizen.core.errors import UsageError

Tree = dict[str, Any]


def read(path: Path) -> Tree:
    """A YAML file as a tree.

    Raises:
        UsageError: the file is missing, unreadable, not YAML, or not a mapping.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"cannot read configuration {path}: {reason}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML: {error}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise UsageError(f"{path} holds a {type(tree).__name__}: expected keys and values")
    return tree


def assignment(text: str) -> Tree:
    """``a.b=c`` as the tree ``{"a": {"b": c}}``, the value read as YAML.

    Raises:
        UsageError: there is no ``=`` or a part of the key is empty.
    """
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise UsageError(f"--set {text!r}: expected KEY=VALUE, for example params.alpha=0.4")
    try:
        leaf = number(yaml.safe_load(value))
    except yaml.YAMLError as error:
        raise UsageError(f"--set {text!r}: the value is not YAML") from error
    for part in reversed(parts):
        leaf = {part: leaf}
    return cast(Tree, leaf)


def number(value: Any) -> Any:
    """YAML 1.1 reads ``1e-3`` as text; people mean a number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Tree:
    """``over`` laid on ``base``, mapping by mapping. A new KIND replaces the whole mapping."""
    if "KIND" in over and over["KIND"] != base.get("KIND"):
        return dict(over)
    result = dict(base)
    for key, own in over.items():
        value, below = own, result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = merge(below, value)
        result[key] = value
    return result
