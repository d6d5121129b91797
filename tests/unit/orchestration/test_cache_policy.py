"""The cache policy sees the code a step really uses."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from repository import PROJECT_ROOT

from kaizen import __version__
from kaizen.orchestration import cache_policy
from kaizen.orchestration.cache_policy import library_versions, policy, project_files
from kaizen.orchestration.zenml_patches import packages


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "app/__init__.py": "",
        "app/step.py": (
            "import os\nfrom app import helper\n\ndef work():\n    from lazy.deep import thing\n"
        ),
        "app/helper.py": "from . import sibling\nfrom .sibling import name\nimport numpy\n",
        "app/sibling.py": "name = 1\n",
        "app/stranger.py": "import app.step\n",
        "lazy/__init__.py": "",
        "lazy/deep.py": "import app.step\nthing = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_imports_are_followed_through_packages_functions_and_circles(root: Path) -> None:
    assert project_files(("app.step",), root) == [
        "app/__init__.py", "app/helper.py", "app/sibling.py", "app/step.py",
        "lazy/__init__.py", "lazy/deep.py",
    ]  # fmt: skip


def test_an_edit_is_seen_in_the_same_process(root: Path) -> None:
    before = project_files(("app.helper",), root)
    (root / "app/sibling.py").write_text("import lazy.deep  # now it leans on more\n")
    assert "lazy/deep.py" not in before
    assert "lazy/deep.py" in project_files(("app.helper",), root)


def test_a_training_step_depends_on_its_use_case_and_not_on_the_others() -> None:
    files = policy("steps.train", "usecases.digits.model").file_dependencies
    assert files is not None
    expected = {"steps/train.py", "usecases/digits/model.py", "usecases/digits/features.py"}
    assert expected <= set(files)
    assert not [file for file in files if file.startswith("usecases/diabetes")]
    assert all((PROJECT_ROOT / file).is_file() for file in files)


def test_library_versions_name_what_trains() -> None:
    assert "tensorflow-cpu 2." in library_versions()
    assert "scikit-learn 1." in library_versions()


def test_another_version_of_a_library_changes_what_the_policy_adds_to_the_key(monkeypatch) -> None:
    from zenml.utils import source_utils

    assert source_utils.load(policy("steps.split").cache_func) is library_versions
    before = library_versions()
    changed = [p for p in packages() if not p.startswith("scikit-learn==")] + ["scikit-learn==0.1"]
    monkeypatch.setattr(cache_policy, "packages", lambda: changed)
    library_versions.cache_clear()
    try:
        after = library_versions()
    finally:
        library_versions.cache_clear()
    assert after != before
    assert "scikit-learn 0.1" in after


def test_kaizen_counts_by_what_a_step_can_reach_of_it(tmp_path: Path) -> None:
    for name in ("core/errors.py", "cli/run.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("value = 1\n")
    before = cache_policy.package_digest(tmp_path)
    (tmp_path / "cli/run.py").write_text("value = 2\n")
    assert cache_policy.package_digest(tmp_path) == before
    (tmp_path / "core/errors.py").write_text("value = 2\n")
    assert cache_policy.package_digest(tmp_path) != before
    assert f"kaizen {__version__} " in library_versions()


def test_each_file_is_parsed_once_for_all_steps(root: Path, monkeypatch) -> None:
    parsed: list[bytes] = []
    real = ast.parse
    monkeypatch.setattr(ast, "parse", lambda text: parsed.append(text) or real(text))
    for module in ("app.step", "app.helper", "app.stranger", "app.step"):
        project_files((module,), root)
    assert len(parsed) == len(list(root.rglob("*.py")))
