from __future__ import annotations

from pathlib import Path
from types import ModuleType

from kaizen.server.import_guard import strangers


def module(name: str, file: Path | None) -> ModuleType:
    made = ModuleType(name)
    made.__file__ = str(file) if file else None
    return made


def test_our_modules_from_elsewhere_are_strangers(tmp_path: Path) -> None:
    bento, project = tmp_path / "bento", tmp_path / "project"
    modules = [
        module("kaizen", bento / "kaizen/__init__.py"),
        module("kaizen.core.config", project / "src/kaizen/core/config.py"),
        module("usecases", None),
        module("usecases.digits.features", project / "usecases/digits/features.py"),
        module("numpy", project / "numpy/__init__.py"),
        module("kaizenlike", project / "kaizenlike.py"),
    ]
    found = strangers(bento, {made.__name__: made for made in modules})
    assert found == ["kaizen.core.config", "usecases.digits.features"]
