"""docs/configuration.md names every setting, with the default it has."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from repository import PROJECT_ROOT

from kaizen.cli.checks import PORTS
from kaizen.core import config
from kaizen.core.alert_settings import AlertsRule

PAGE = (PROJECT_ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
NONE = "none"
OWN = ("usecase", "data", "params")
"""Of the use case; their defaults are not a value."""


def settings(model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    """Every key with its default, as the page should name it."""
    found = {}
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        default = NONE if default is PydanticUndefined else default
        if isinstance(default, AlertsRule):
            found |= settings(AlertsRule, f"{prefix}{name}.")
            continue
        default = default.model_dump(mode="json") if isinstance(default, BaseModel) else default
        found[f"{prefix}{name}"] = list(default) if isinstance(default, tuple) else default
    return found


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    table = PAGE.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| `?([^|`]+)`? \|", table, re.MULTILINE)
    return {key: yaml.safe_load(default) for key, default in rows}


def test_every_setting_is_on_the_page_with_its_default(documented: dict[str, Any]) -> None:
    real = {key: value for key, value in settings(config.Config).items() if key not in OWN}
    parts = {
        "split": {**settings(config.FixedSplit, "split."), **settings(config.HashSplit, "split.")},
        "gate": settings(config.GateRule, "gate."),
        "serving": settings(config.ServingRule, "serving."),
        "events": settings(config.EventsRule, "events."),
        "rollout": settings(config.RolloutRule, "rollout."),
        "monitoring": settings(config.MonitoringRule, "monitoring."),
        "sweep": settings(config.SweepRule, "sweep."),
    }
    for name, keys in parts.items():
        del real[name]
        real |= keys
    shown = {key: value for key, value in documented.items() if key not in OWN}
    assert shown == real


def test_every_variable_of_the_page_is_read_somewhere() -> None:
    table = PAGE.partition("\n## Environment variables\n")[2]
    cells = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}
    assert {"KAIZEN_HOME", "KAIZEN_ENV", "KAIZEN_STACK", "KAIZEN_PORT_ROUTER"} <= named
    code = "".join(
        path.read_text(encoding="utf-8") for path in sorted((PROJECT_ROOT / "src").rglob("*.py"))
    )
    ports = {f"KAIZEN_PORT_{name.upper()}" for name in PORTS}
    assert [name for name in sorted(named - ports) if name not in code] == []


def test_every_port_that_can_be_fixed_is_named() -> None:
    assert [name for name in PORTS if f"KAIZEN_PORT_{name.upper()}" not in PAGE] == []
