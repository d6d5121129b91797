"""The environment keeps every library inside the state folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen.core import environment
from kaizen.core.paths import Home, home


def test_every_folder_lies_inside_the_home() -> None:
    root = Path("/somewhere/home")
    folders = {
        name: value
        for name, value in environment.variables(Home(root)).items()
        if value.startswith("/") and name not in {"ZENML_CUSTOM_SOURCE_ROOT", "KAIZEN_PROJECT"}
    }
    assert len(folders) > 8
    assert all(Path(value).is_relative_to(root) for value in folders.values())


def test_two_homes_share_no_folder() -> None:
    one, two = (environment.variables(Home(Path(root))) for root in ("/a", "/b"))
    shared = {name for name in one if one[name] == two[name] and one[name].startswith("/")}
    assert shared == {"ZENML_CUSTOM_SOURCE_ROOT", "KAIZEN_PROJECT"}


def test_the_default_home_does_not_depend_on_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("KAIZEN_HOME")
    monkeypatch.chdir(tmp_path)
    assert home().root == PROJECT_ROOT / ".kaizen"


def test_a_tracking_store_that_is_set_is_adopted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in environment.variables(Home(tmp_path)):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///theirs.db")
    environment.apply(Home(tmp_path))
    import os

    assert os.environ["MLFLOW_TRACKING_URI"] == "sqlite:///theirs.db"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    environment.apply(Home(tmp_path))
    assert os.environ["MLFLOW_TRACKING_URI"] == f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
