"""docs/reference.md is what the code says today."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from repository import PROJECT_ROOT


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    path = PROJECT_ROOT / "scripts" / "reference.py"
    spec = importlib.util.spec_from_file_location("reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_current(reference: ModuleType) -> None:
    from kaizen.cli.main import app

    written = reference.TARGET.read_text(encoding="utf-8")
    assert written == reference.page(app), "docs/reference.md is old: make docs"


def test_every_command_says_what_it_does_and_gives_an_example(reference: ModuleType) -> None:
    from kaizen.cli.main import app

    sections = reference.page(app).split("\n## ")[1:]
    assert len(sections) >= 10
    assert [part.partition("\n")[0] for part in sections if "Example: `kaizen " not in part] == []
    assert [part.partition("\n")[0] for part in sections if "`--json`" not in part] == []
